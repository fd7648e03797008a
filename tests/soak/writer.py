"""One of the processes of the soak test; writer.mjs does the same. Usage: writer.py NAME ROOT FILE

It records ids NAME-1, NAME-2, … and writes each number into FILE once its call has returned: `5 logged`. It begins behind
the last number in FILE, so a record that was not acknowledged is tried again, with the same id. SIGTERM ends it.
"""

import os
import signal
import sys

import mcoda


def main(name, root, path):
    ends = []
    signal.signal(signal.SIGTERM, lambda *_: ends.append(True))
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with open(path, encoding="ascii") as before:
        number = sum(1 for _ in before)
    with mcoda.Workspace.open(root) as workspace:
        while not ends:
            number += 1
            while True:
                try:
                    recorded = workspace.record_token_usage(id=f"{name}-{number}", agent_id=name, tokens_prompt=number)
                    break
                except mcoda.BusyError:
                    # Another process was stopped while it held the lock: try again.
                    if ends:
                        return
            # One system call: a line is written entirely or not at all.
            os.write(file, f"{number} {'logged' if recorded.logged else 'unlogged'}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
