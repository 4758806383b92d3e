/* SPDX-License-Identifier: BSD-3-Clause */
/* Whatever the octets: every slice of a voice quality report lies in one line of them, every value is a number
 * or none, and the kind of line end means nothing. */
#include <math.h>
#include <stdlib.h>

#include "sip_vq.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_inside(struct bytes slice, const uint8_t *data, size_t size)
{
	check(slice.n == 0 ||
		(slice.p >= data && slice.n <= size && (size_t)(slice.p - data) <= size - slice.n));
	for (size_t i = 0; i < slice.n; i++)
		check(slice.p[i] != '\r' && slice.p[i] != '\n');
}

static void check_metrics(const struct sip_vq_metrics *m, const uint8_t *data, size_t size)
{
	check_inside(m->start, data, size);
	check_inside(m->stop, data, size);
	check_inside(m->codec, data, size);
	for (unsigned i = 0; i < SIP_VQ_METRICS; i++)
		check(isnan(m->value[i]) || (m->is_there && fabs(m->value[i]) < 1e15));
}

static void check_end(const struct sip_vq_end *end, const uint8_t *data, size_t size)
{
	check_inside(end->id, data, size);
	check(end->family == 0 || end->family == 4 || end->family == 6);
}

static void check_same(const struct sip_vq *a, const struct sip_vq *b)
{
	check(a->kind == b->kind && bytes_eq(a->call_id, b->call_id));
	check(a->local.ssrc == b->local.ssrc && a->remote.port == b->remote.port);
	for (unsigned i = 0; i < SIP_VQ_METRICS; i++) {
		double x = a->local_metrics.value[i], y = b->local_metrics.value[i];

		check(isnan(x) ? isnan(y) : !(x < y) && !(x > y));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct sip_vq vq, again;
	bool is_report;

	check(copy != NULL);
	memcpy(copy, data, size);
	is_report = sip_vq_parse(bytes_of(copy, size), &vq);
	if (is_report) {
		uint8_t *other = malloc(size);

		check(vq.call_id.n > 0);
		check_inside(vq.call_id, copy, size);
		check_end(&vq.local, copy, size);
		check_end(&vq.remote, copy, size);
		check_metrics(&vq.local_metrics, copy, size);
		check_metrics(&vq.remote_metrics, copy, size);
		check(other != NULL);
		for (size_t i = 0; i < size; i++)
			other[i] = copy[i] == '\r' ? '\n' : copy[i];
		check(sip_vq_parse(bytes_of(other, size), &again));
		check_same(&vq, &again);
		free(other);
	}
	free(copy);
	return 0;
}
