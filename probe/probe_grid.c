/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe_grid.h"

#include <string.h>

#include "utf8.h"

/* What is too long ends in two dots, and its columns stay in line. */
static void fit(const struct probe_grid *grid, char cells[][PROBE_CELL_MAX])
{
	for (unsigned c = 0; c < grid->columns; c++) {
		struct bytes text = bytes_from_str(cells[c]);

		if (grid->limit[c] && text.n > grid->limit[c])
			memcpy(cells[c] + utf8_cut(text, grid->limit[c] - 2), "..", 3);
	}
}

/* In characters: names may be of any script. */
static unsigned width_of(const char *cell)
{
	struct bytes text = bytes_from_str(cell);
	unsigned width = 0;
	uint32_t code;

	for (; text.n; width++) {
		unsigned n = utf8_take(text, &code);

		text = bytes_skip(text, n ? n : 1);
	}
	return width;
}

static void measure(struct probe_grid *grid, char cells[][PROBE_CELL_MAX])
{
	for (unsigned c = 0; c < grid->columns; c++) {
		unsigned n = width_of(cells[c]);

		if (n > grid->width[c])
			grid->width[c] = n;
	}
}

static void print_cells(const struct probe_grid *grid, char cells[][PROBE_CELL_MAX], FILE *out)
{
	for (unsigned c = 0; c < grid->columns; c++) {
		bool is_last = c + 1 == grid->columns;
		int pad = (int)(grid->width[c] - width_of(cells[c]));

		if (grid->is_right[c])
			fprintf(out, "%*s%s", pad, "", cells[c]);
		else
			fprintf(out, "%s%*s", cells[c], is_last ? 0 : pad, "");
		fputs(is_last ? "\n" : "  ", out);
	}
}

static void print_heads(const struct probe_grid *grid, FILE *out)
{
	char cells[PROBE_COLUMNS_MAX][PROBE_CELL_MAX];

	for (unsigned c = 0; c < grid->columns; c++)
		snprintf(cells[c], PROBE_CELL_MAX, "%s", grid->heads[c]);
	print_cells(grid, cells, out);
}

/* False: there is no such row. */
static bool make_row(const struct probe_grid *grid, const struct probe *probe, uint32_t i,
	probe_row_fn row, char cells[][PROBE_CELL_MAX])
{
	if (!row(probe, i, cells))
		return false;
	fit(grid, cells);
	return true;
}

void probe_grid_print(struct probe_grid *grid, const struct probe *probe, uint32_t count,
	probe_row_fn row, FILE *out)
{
	char cells[PROBE_COLUMNS_MAX][PROBE_CELL_MAX];

	for (unsigned c = 0; c < grid->columns; c++)
		grid->width[c] = (unsigned)strlen(grid->heads[c]);
	for (uint32_t i = 0; i < count; i++)
		if (make_row(grid, probe, i, row, cells))
			measure(grid, cells);
	print_heads(grid, out);
	for (uint32_t i = 0; i < count; i++)
		if (make_row(grid, probe, i, row, cells))
			print_cells(grid, cells, out);
}
