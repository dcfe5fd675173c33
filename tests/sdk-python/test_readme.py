"""The README's first payments do what they say when they are pasted."""

import os
import re
import subprocess
import sys

import pytest
from helpers import KEY, PATIENCE_SECONDS, REPOSITORY

MARKED = re.compile(r"<!-- test: (curl|node|python) -->\s*\n```[^\n]*\n(.*?)\n```", re.DOTALL)


def snippets(language):
    readme = (REPOSITORY / "README.md").read_text()
    return [code for marked_as, code in MARKED.findall(readme) if marked_as == language]


def command(language, code):
    """How to run what is piped in, and where its packages are."""
    if language == "curl":
        return ["bash", "-euo", "pipefail"], REPOSITORY
    if language == "node":
        kind = "module" if re.search(r"^import ", code, re.MULTILINE) else "commonjs"
        return ["node", f"--input-type={kind}", "-"], REPOSITORY / "tests/sdk-node"
    return [sys.executable, "-"], REPOSITORY


@pytest.mark.parametrize("language", ["curl", "node", "python"])
def test_the_readme_pays_by(server, language):
    found = snippets(language)
    assert found, f"README.md has no code block after <!-- test: {language} -->"
    port = server.url.rsplit(":", 1)[1]
    for code in found:
        # Another port than the default's, and the key of this server.
        code = re.sub(r"\b4242\b", port, re.sub(r"sk_test_[\w.…]*", KEY, code))
        run, folder = command(language, code)
        env = {**os.environ, "KONTOR_SECRET_KEY": KEY}
        done = subprocess.run(
            run, input=code, cwd=folder, env=env, capture_output=True, text=True, timeout=PATIENCE_SECONDS
        )
        assert done.returncode == 0, f"{code}\n{done.stdout}{done.stderr}"
        assert "succeeded" in done.stdout, f"{code}\n{done.stdout}{done.stderr}"
