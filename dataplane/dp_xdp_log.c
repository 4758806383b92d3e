/* SPDX-License-Identifier: BSD-3-Clause */
/* Their lines are warnings even when all is well, such as a missing bpffs. What they try is shown with
 * the log type heptap.xdp at debug level. */
#include "dp_xdp_log.h"

#include <stdarg.h>

#include <bpf/libbpf.h>
#include <rte_log.h>
#include <xdp/libxdp.h>

#include "dp_log_pvt.h"

RTE_LOG_REGISTER(dp_log_xdp, heptap.xdp, INFO)

static __attribute__((format(printf, 1, 0))) int print(const char *format, va_list list)
{
	return rte_vlog(RTE_LOG_DEBUG, (uint32_t)dp_log_xdp, format, list);
}

static __attribute__((format(printf, 2, 0))) int print_bpf(
	enum libbpf_print_level level, const char *format, va_list list)
{
	return level == LIBBPF_DEBUG ? 0 : print(format, list);
}

static __attribute__((format(printf, 2, 0))) int print_xdp(
	enum libxdp_print_level level, const char *format, va_list list)
{
	return level == LIBXDP_DEBUG ? 0 : print(format, list);
}

void dp_xdp_log_init(void)
{
	libbpf_set_print(print_bpf);
	libxdp_set_print(print_xdp);
}
