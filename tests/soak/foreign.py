"""A foreign program that writes its own table in the same file, with the SQLite of Python's standard library.

Usage: foreign.py DATABASE FILE. It inserts 1, 2, … and writes each number into FILE once it is committed. SIGTERM ends it.
"""

import os
import signal
import sqlite3
import sys
import time


def main(database, path):
    ends = []
    signal.signal(signal.SIGTERM, lambda *_: ends.append(True))
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    connection = sqlite3.connect(database, timeout=60, isolation_level=None)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE IF NOT EXISTS notes (number INTEGER PRIMARY KEY)")
    with open(path, encoding="ascii") as before:
        number = sum(1 for _ in before)
    while not ends:
        number += 1
        connection.execute("INSERT OR IGNORE INTO notes VALUES (?)", (number,))
        os.write(file, f"{number}\n".encode())
        time.sleep(0.002)
    connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
