/* SPDX-License-Identifier: BSD-3-Clause */
/* Versions of heptap and of what it stands on. */
#ifndef PROBE_VERSION_H
#define PROBE_VERSION_H

#ifndef PROBE_VERSION
#define PROBE_VERSION "0"
#endif

void probe_version_print(void);

#endif
