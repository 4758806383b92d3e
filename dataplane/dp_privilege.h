/* SPDX-License-Identifier: BSD-3-Clause */
/* What a process that is not root must be allowed to do, asked before a driver is refused it and
 * does not say what.
 * Owner: none. Threads: the main thread. */
#ifndef DP_PRIVILEGE_H
#define DP_PRIVILEGE_H

#include <stdint.h>

/* Capabilities, of which each is 1 << its number. Returns 0, or -EPERM with a line that names those
 * which are not there. */
int dp_privilege_check(const char *device, uint64_t capabilities);

/* Whether so many octets more may be locked. Returns 0, or -ENOMEM with a line that says what to
 * raise. */
int dp_privilege_check_locked(const char *device, uint64_t bytes);

#endif
