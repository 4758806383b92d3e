/* SPDX-License-Identifier: BSD-3-Clause */
/* A table of text: columns as wide as their widest cell, two spaces between them.
 * Owner: the caller. Threads: one. */
#ifndef PROBE_GRID_H
#define PROBE_GRID_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct probe;

enum {
	PROBE_CELL_MAX = 256,
	PROBE_COLUMNS_MAX = 13,
};

/* What: the cells of row i, each with its NUL. False: there is no such row, and the next one follows. */
typedef bool (*probe_row_fn)(const struct probe *probe, uint32_t i, char cells[][PROBE_CELL_MAX]);

struct probe_grid {
	unsigned columns;
	const char *heads[PROBE_COLUMNS_MAX];
	bool is_right[PROBE_COLUMNS_MAX]; /* numbers */
	unsigned width[PROBE_COLUMNS_MAX]; /* 0 at first */
	unsigned limit[PROBE_COLUMNS_MAX]; /* widest a column may become, 0: no limit */
};

/* What: the heads and the rows from 0 up to count. Each row is asked for twice, to measure and to print it. */
void probe_grid_print(struct probe_grid *grid, const struct probe *probe, uint32_t count,
	probe_row_fn row, FILE *out);

#endif
