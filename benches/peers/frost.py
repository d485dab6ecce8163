"""SensorThings' CreateObservations beside PostgreSQL with the tables of FROST-Server 2, in turns: 1,000 observations a request or transaction,
8 connections, each answer awaited, all of it durable.

python frost.py FEEDS [SECONDS] [ROUNDS]      (FEEDS: the program target/release/feeds, with citybrain beside it; apt: postgresql postgis
                                               postgresql-NN-postgis-3)

PostgreSQL is driven by its own pgbench, twice: row by row as FROST-Server sends them, and 1,000 rows in one statement that makes them within
the server, which is as fast as its tables can be filled by INSERT: no client writes a row, no HTTP and no JSON is read.
"""
import glob
import os
import pwd
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

feeds = Path(sys.argv[1]).resolve()
seconds = sys.argv[2] if len(sys.argv) > 2 else "20"
rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
here = Path(__file__).parent
binaries = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
if not binaries:
    sys.exit("PostgreSQL is missing: apt-get install postgresql postgresql-15-postgis-3")
bin_of = Path(binaries[-1])

COLUMNS = ('"PHENOMENON_TIME_START", "PHENOMENON_TIME_END", "RESULT_TYPE", "RESULT_NUMBER", "DATASTREAM_ID", "FEATURE_ID"')
VALUES = "clock_timestamp(), clock_timestamp(), 0, {value}, :client_id + 1, :client_id + 1"
INSERT = f'INSERT INTO "OBSERVATIONS" ({COLUMNS}) '
row_by_row = "BEGIN;\n" + "".join(f"{INSERT}VALUES ({VALUES.format(value=40.5 + n % 50)});\n" for n in range(1000)) + "COMMIT;\n"
at_once = f"{INSERT}SELECT {VALUES.format(value='40.5 + n % 50')} FROM generate_series(1, 1000) n;\n"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def as_postgres(command, **options):
    # PostgreSQL does not run as root.
    user = {"user": "postgres", "group": pwd.getpwnam("postgres").pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
    return subprocess.run([str(part) for part in command], check=True, cwd="/", **user, **options)


def pgbench(script):
    ran = as_postgres(
        [bin_of / "pgbench", "-n", "-M", "prepared", "-c", 8, "-j", 2, "-T", seconds, "-f", script, *connection, "postgres"],
        capture_output=True, text=True,
    )
    return 1000 * float(re.search(r"tps = ([\d.]+)", ran.stdout).group(1))


def ours():
    ran = subprocess.run([feeds, "sensorthings", seconds], check=True, capture_output=True, text=True)
    return float(re.search(r"(\d+) rows/s", ran.stdout).group(1))


folder = Path(tempfile.mkdtemp(prefix="frost"))
port = free_port()
connection = ["-h", "127.0.0.1", "-p", port, "-U", "postgres"]
try:
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
    scripts = {}
    for name, text in [("row by row", row_by_row), ("at once", at_once)]:
        scripts[name] = folder / (name.replace(" ", "_") + ".sql")
        scripts[name].write_text(text)
        scripts[name].chmod(0o644)
    data = folder / "data"
    as_postgres([bin_of / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"], stdout=subprocess.DEVNULL)
    settings = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c shared_buffers=2GB -c max_wal_size=8GB "
        "-c checkpoint_timeout=30min -c fsync=on -c synchronous_commit=on"
    )
    as_postgres([bin_of / "pg_ctl", "-D", data, "-l", folder / "log", "-o", settings, "-w", "start"], stdout=subprocess.DEVNULL)
    try:
        as_postgres([bin_of / "psql", "-q", "-v", "ON_ERROR_STOP=1", *connection, "-d", "postgres"], stdin=open(here / "frost.sql"))
        figures = {"ours": [], "row by row": [], "at once": []}
        for _ in range(rounds):
            figures["ours"].append(ours())
            for name, script in scripts.items():
                figures[name].append(pgbench(script))
        middle = {name: statistics.median(all_of) for name, all_of in figures.items()}
        for name, all_of in figures.items():
            ratio = "" if name == "ours" else f"; ours is {middle['ours'] / middle[name]:.2f} times that"
            print(f"{name}: {middle[name]:,.0f} observations/s ({min(all_of):,.0f} to {max(all_of):,.0f}){ratio}")
    finally:
        as_postgres([bin_of / "pg_ctl", "-D", data, "-m", "fast", "stop"], stdout=subprocess.DEVNULL)
finally:
    shutil.rmtree(folder, ignore_errors=True)
