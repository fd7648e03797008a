#!/usr/bin/env python3
"""Checks that the code in the documents is code that the tests run.

A block below a line `<!-- docs/examples/quickstart.c -->` is that file, or a run of its lines; blanks in front of the
lines do not count. Every file in docs/examples is shown whole somewhere.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"<!-- (docs/examples/\S+) -->\n+```[^\n]*\n(.*?)```", re.DOTALL)


def lines(text):
    return [line.strip() for line in text.strip().splitlines()]


def main():
    shown_whole = set()
    wrong = []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for name, block in BLOCK.findall(page.read_text(encoding="utf-8")):
            code, part = lines((ROOT / name).read_text(encoding="utf-8")), lines(block)
            if part == code:
                shown_whole.add(name)
            elif not any(code[start : start + len(part)] == part for start in range(len(code))):
                wrong.append(f"{page.relative_to(ROOT)} shows lines that {name} does not have")
    examples = {str(path.relative_to(ROOT)) for path in (ROOT / "docs/examples").iterdir() if path.is_file()}
    wrong += [f"no page shows the whole of {name}" for name in sorted(examples - shown_whole)]
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(examples)} examples are what the pages show")


if __name__ == "__main__":
    main()
