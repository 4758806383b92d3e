# SPDX-License-Identifier: BSD-3-Clause
"""The growth curve as SVG: cycles per packet over streams, heptap's and its floors'. For
scripts/bench. Colours are readable on light and dark pages."""

from __future__ import annotations

import math

WIDTH, HEIGHT = 780, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 250, 40, 56
COLOURS = ("#d1495b", "#5b8def", "#2a9d6f", "#c98a1b", "#8e6bbf", "#7a8a99")
GREY = "#808890"

Points = list[tuple[float, float]]


def growth(rows: list[dict]) -> dict[str, Points]:
    """heptap's line and one per floor, by streams; of the fused shape with one worker."""
    lines: dict[str, dict[float, float]] = {"heptap": {}}
    for row in rows:
        name = row["name"].lower()
        if row["bench"] != "pipeline" or not row.get("streams") or row.get("workers", 1) > 1 \
                or row.get("shape", "fused") != "fused" \
                or any(word in name for word in ("mixed", "trunk", "calls", "overload")):
            continue
        cycles = row["cycles_per_packet"]
        lines["heptap"].setdefault(row["streams"], cycles)
        if "floor_ratio" in row:
            lines.setdefault(row["floor"], {}).setdefault(row["streams"],
                                                          cycles * row["floor_ratio"])
    return {name: sorted(points.items()) for name, points in lines.items() if points}


def streams_text(n: float) -> str:
    return f"{n / 1e6:.3g}M" if n >= 999500 else f"{n / 1e3:.3g}k" if n >= 1e3 else f"{n:g}"


def nice_step(top: float) -> float:
    """Of the y axis, for four to eight lines."""
    step = 10 ** math.floor(math.log10(top / 4))
    return next(step * m for m in (1, 2, 5, 10) if top / (step * m) <= 8)


def text(x: float, y: float, what: str, anchor: str = "middle", colour: str = GREY) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{what}</text>'


def escaped(what: str) -> str:
    return what.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def axes(xs: list[float], top: float, x_at, y_at) -> list[str]:
    out, right, bottom = [], WIDTH - RIGHT, HEIGHT - BOTTOM
    step = nice_step(top)
    for i in range(int(top / step) + 1):
        y = y_at(i * step)
        out.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="{GREY}" '
                   'stroke-opacity="0.3"/>')
        out.append(text(LEFT - 8, y + 4, f"{i * step:g}", "end"))
    for n in xs:
        x = x_at(n)
        out.append(f'<line x1="{x:.1f}" y1="{bottom}" x2="{x:.1f}" y2="{bottom + 5}" '
                   f'stroke="{GREY}"/>')
        out.append(text(x, bottom + 20, streams_text(n)))
    out.append(text((LEFT + right) / 2, HEIGHT - 12, "streams (logarithmic)"))
    out.append(text(LEFT, TOP - 16, "TSC cycles per packet, one core", "start"))
    return out


def labels(lines: dict[str, Points], y_at) -> dict[str, float]:
    """Where each line's name stands: at its end, but no two on top of each other."""
    out, last = {}, 0.0
    for name, points in sorted(lines.items(), key=lambda line: -line[1][-1][1]):
        last = out[name] = max(y_at(points[-1][1]) + 4, last + 15 if last else 0)
    return out


def svg(lines: dict[str, Points]) -> str:
    xs = sorted({x for points in lines.values() for x, _ in points})
    top = 1.08 * max(y for points in lines.values() for _, y in points)
    low, span = math.log10(xs[0]), math.log10(xs[-1] / xs[0]) or 1.0

    def x_at(n: float) -> float:
        return LEFT + (math.log10(n) - low) / span * (WIDTH - LEFT - RIGHT)

    def y_at(cycles: float) -> float:
        return HEIGHT - BOTTOM - cycles / top * (HEIGHT - TOP - BOTTOM)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           'font-family="sans-serif" font-size="12">',
           "<title>Cycles per packet over the number of streams</title>"]
    out += axes(xs, top, x_at, y_at)
    places = labels(lines, y_at)
    for number, (name, points) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{x_at(x):.1f},{y_at(y):.1f}" for x, y in points)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" '
                   f'stroke-width="{1.5 if number else 3}"/>')
        out += [f'<circle cx="{x_at(x):.1f}" cy="{y_at(y):.1f}" r="{2.5 if number else 4}" '
                f'fill="{colour}"/>' for x, y in points]
        out.append(text(x_at(points[-1][0]) + 10, places[name], escaped(name), "start", colour))
    return "\n".join([*out, "</svg>", ""])
