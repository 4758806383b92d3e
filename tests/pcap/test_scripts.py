# SPDX-License-Identifier: BSD-3-Clause
"""How scripts build: with programs in place of ninja and meson that only note what they are asked."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from heptap_run import ROOT

BUILDERS = {"quickstart": ("build",), "test": ("build-test", "build-asan"), "fuzz": ("build-fuzz",),
            "bench": ("build-bench",)}
FAILS = '#!/bin/sh\necho "$0 $*" >>"$NOTES"\nexit 1\n'


@pytest.fixture(name="build")
def a_tree(tmp_path):
    """Runs a script in a tree of nothing but scripts, and says how it called ninja."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    programs = tmp_path / "bin"
    programs.mkdir()
    for path in (programs / "ninja", programs / "meson", tmp_path / "scripts/lint"):
        path.write_text(FAILS, encoding="ascii")
        path.chmod(0o755)
    (tmp_path / "scripts/bootstrap").write_text("#!/bin/sh\n", encoding="ascii")

    def run(script, jobs):
        notes = tmp_path / "notes"
        notes.write_text("", encoding="ascii")
        env = {k: v for k, v in os.environ.items() if k != "HEPTAP_JOBS"} | jobs
        env |= {"PATH": f"{programs}:{env['PATH']}", "NOTES": str(notes), "PYTHONDONTWRITEBYTECODE": "1"}
        for folder in BUILDERS[script]:
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / "build.ninja").touch()
        subprocess.run([tmp_path / "scripts" / script], env=env, cwd=tmp_path, stdin=subprocess.DEVNULL,
                       capture_output=True, timeout=100, check=False)
        return [line.split()[1:] for line in notes.read_text(encoding="utf-8").splitlines()
                if line.startswith(f"{programs}/ninja ")]
    return run


@pytest.mark.parametrize("script", BUILDERS)
def test_jobs_of_a_build_can_be_limited(script, build):
    few, many = build(script, {"HEPTAP_JOBS": "1"}), build(script, {})
    assert len(few) >= len(BUILDERS[script])
    assert all("-j1" in arguments for arguments in few)
    assert [["-j1", *arguments] for arguments in many] == few
