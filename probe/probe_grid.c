/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe_grid.h"

#include <string.h>

#include "utf8.h"

static void measure(struct probe_grid *grid, char cells[][PROBE_CELL_MAX])
{
	for (unsigned c = 0; c < grid->columns; c++) {
		unsigned n = (unsigned)strlen(cells[c]);

		if (grid->limit[c] && n > grid->limit[c])
			n = grid->limit[c];
		if (n > grid->width[c])
			grid->width[c] = n;
	}
}

static void print_cells(const struct probe_grid *grid, char cells[][PROBE_CELL_MAX], FILE *out)
{
	for (unsigned c = 0; c < grid->columns; c++) {
		const char *gap = c + 1 < grid->columns ? "  " : "\n";
		int width = (int)grid->width[c];
		struct bytes text = bytes_from_str(cells[c]);

		if (grid->limit[c] && text.n > grid->limit[c])
			memcpy(cells[c] + utf8_cut(text, grid->limit[c] - 2), "..", 3);
		if (grid->is_right[c])
			fprintf(out, "%*s%s", width, cells[c], gap);
		else if (c + 1 == grid->columns)
			fprintf(out, "%s%s", cells[c], gap);
		else
			fprintf(out, "%-*s%s", width, cells[c], gap);
	}
}

static void print_heads(const struct probe_grid *grid, FILE *out)
{
	char cells[PROBE_COLUMNS_MAX][PROBE_CELL_MAX];

	for (unsigned c = 0; c < grid->columns; c++)
		snprintf(cells[c], PROBE_CELL_MAX, "%s", grid->heads[c]);
	print_cells(grid, cells, out);
}

void probe_grid_print(struct probe_grid *grid, const struct probe *probe, uint32_t count,
	probe_row_fn row, FILE *out)
{
	char cells[PROBE_COLUMNS_MAX][PROBE_CELL_MAX];

	for (unsigned c = 0; c < grid->columns; c++)
		grid->width[c] = (unsigned)strlen(grid->heads[c]);
	for (uint32_t i = 0; i < count; i++)
		if (row(probe, i, cells))
			measure(grid, cells);
	print_heads(grid, out);
	for (uint32_t i = 0; i < count; i++)
		if (row(probe, i, cells))
			print_cells(grid, cells, out);
}
