"""Where no namespaces are allowed, workers still refuse to open files in a home directory."""

import subprocess
import sys

SCRIPT = """
import fakehub.gateway.on_another_machine as machine
machine.refuse_hidden_homes()
for path in PATHS:
    try:
        print(open(path).read())
    except FileNotFoundError as error:
        print(error)
"""


def test_a_file_in_a_home_is_not_found_and_others_are_read(tmp_path):
    homes, elsewhere = tmp_path / "homes", tmp_path / "homes-of-others.txt"
    file = homes / "funky-user" / "notes.txt"
    file.parent.mkdir(parents=True)
    file.write_text("private")
    elsewhere.write_text("readable")
    script = SCRIPT.replace("PATHS", repr([str(file), str(elsewhere)]))
    env = {"FAKEHUB_HIDDEN_HOMES": f"{tmp_path / 'home'}:{homes}", "PYTHONPATH": ":".join(sys.path)}

    printed = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True).stdout

    assert printed.splitlines() == [f"[Errno 2] No such file or directory: '{file}'", "readable"]
