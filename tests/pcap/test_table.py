# SPDX-License-Identifier: BSD-3-Clause
"""The table of streams, beside the JSON of the same run."""

from __future__ import annotations

import re

import pytest

from heptap_run import command, read


@pytest.mark.parametrize("buffer, key", [("small", "DISC_F50"), ("large", "DISC_F200"), ("adaptive", "DISC_AD")])
def test_the_table_shows_what_the_jitter_buffer_discards(buffer, key, generated, tmp_path):
    path, _ = generated("--profiles", "spikes", "--calls", 4, "--seconds", 20)
    config = tmp_path / "c.yaml"
    config.write_text(f"quality: {{buffer: {buffer}, buffer_small: 20ms, buffer_large: 60ms}}\n", encoding="utf-8")
    with_buffer = "-c", config
    run = read(path, args=with_buffer)
    text = command("-r", path, *with_buffer).out.decode()
    rows = [re.split("  +", line) for line in text.partition(" streams (")[2].splitlines()[1:]]
    column = rows[0].index("discard")
    shown = {row[2]: int(row[column]) for row in rows if len(row) == len(rows[0]) and row[2] != "SSRC"}
    assert shown == {s["SSRC"]: s[key] for s in run.streams}
    assert any(shown.values())
    assert f"\nR and MOS: means over reporting intervals; discard: what comes too late or early for the {buffer} " in text
