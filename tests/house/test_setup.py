# SPDX-License-Identifier: MIT
"""What `meson setup` makes of a machine that lacks something, or has it.

usage: test_setup.py TREE"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import tier  # noqa: E402

TREE = pathlib.Path(".")
TOOLS = ("ar", "as", "bash", "cat", "cc", "env", "ld", "meson", "ninja", "python3", "rm", "sh")


@tier.of_the_full_tier
class TheSetup(unittest.TestCase):
    """On a machine with a compiler, meson and ninja: no libcheck, no SQLite, no C++ compiler."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        (self.root / "bin").mkdir()
        for tool in TOOLS:
            if found := shutil.which(tool):
                (self.root / "bin" / tool).symlink_to(found)

    def meson(self, *words):
        env = {**os.environ, "PATH": str(self.root / "bin"), "PKG_CONFIG_LIBDIR": str(self.root), "LC_ALL": "C.UTF-8"}
        env.pop("CC", None)
        return subprocess.run(["meson", *words], cwd=TREE, env=env, text=True, capture_output=True)

    def targets(self, build):
        found = json.loads(self.meson("introspect", "--targets", build).stdout)
        return {target["name"] for target in found}

    def test_without_options_builds_the_library_and_the_programs(self):
        build = str(self.root / "build")
        done = self.meson("setup", build, "-Dblis=none")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        targets = self.targets(build)
        self.assertLessEqual({"recrl", "train", "evaluate", "report", "host_request"}, targets)
        self.assertEqual({name for name in targets if name.startswith("test_") or name == "server"}, set())
        self.assertRegex(done.stdout, r"examples/server +: no \(needs SQLite: libsqlite3-dev\)")
        self.assertRegex(done.stdout, r"JSON lines +: no \(needs jansson: libjansson-dev\)")
        self.assertRegex(done.stdout, r"tests +: no \(-Dtests=enabled: needs libcheck")

    def test_tests_are_built_where_they_are_asked_for_alone(self):
        """On this machine, which has what they need."""
        for words, is_there in ([], False), (["-Dtests=enabled"], True):
            build = str(self.root / f"build-{len(words)}")
            done = subprocess.run(["meson", "setup", build, "-Dexamples=false", "-Dblis=none", *words], cwd=TREE,
                                  text=True, capture_output=True)
            self.assertEqual(done.returncode, 0, done.stdout)
            found = {name for name in self.targets(build) if name.startswith("test_") or name == "bench"}
            self.assertEqual(bool(found), is_there, found)

    def test_tests_that_are_asked_for_and_cannot_be_built_are_an_error(self):
        done = self.meson("setup", str(self.root / "build"), "-Dblis=none", "-Dtests=enabled")
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stdout + done.stderr, "ERROR: Dependency .*check")


if __name__ == "__main__":
    TREE = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TREE)
    unittest.main(argv=sys.argv[:1])
