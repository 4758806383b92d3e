# SPDX-License-Identifier: BSD-3-Clause
"""The table of scores in the README: what scripts/scores prints, in which heptap is G.107."""

from __future__ import annotations

import subprocess

import emodel
from heptap_run import HEPTAP, ROOT


def test_the_table_of_the_readme():
    out = subprocess.run([ROOT / "scripts/scores", HEPTAP], check=True, stdout=subprocess.PIPE,
                         text=True).stdout
    rows = [line[24:].split() for line in out.splitlines()[1:]]
    assert len(rows) > 10
    for heptap, g107, *_ in rows:
        assert heptap == g107
    assert f"$ scripts/scores\n{out}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_formula_of_the_script_is_that_of_the_tests():
    """Two readings of G.107: the script's short one, and the one from all its equations."""
    out = subprocess.run([ROOT / "scripts/scores", HEPTAP], check=True, stdout=subprocess.PIPE,
                         text=True).stdout
    known = {line[:24].strip(): float(line[24:].split()[1]) for line in out.splitlines()[1:]}
    for percent in (1, 2, 5, 10, 20, 25):
        want = emodel.mos(emodel.r_factor(0, 25.1, percent))
        assert abs(known[f"{percent} %"] - want) < 0.006
    assert abs(known["G.722, nothing lost"] -
               emodel.mos(emodel.r_factor(13, 4.3, 0, "WB"), "WB")) < 0.006
