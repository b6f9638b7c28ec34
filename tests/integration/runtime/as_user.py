"""hull-runc as an ordinary user of the machine, who has ids of its own to map."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from bundle import Bundle, Runtime

USER = 7777
FIRST_SUBORDINATE = 700000
MANY = [{"containerID": 0, "hostID": USER, "size": 1}, {"containerID": 1, "hostID": FIRST_SUBORDINATE, "size": 65000}]

# In a mount namespace of its own, with a user whom the machine's files don't know. Arguments: a folder, then the command.
_ENTER = r"""
folder=$1; shift
cp /etc/passwd "$folder/passwd"; echo "hulltest:x:7777:7777::/:/bin/sh" >>"$folder/passwd"
printf 'hulltest:700000:65536\n' >"$folder/ids"
mount --bind "$folder/passwd" /etc/passwd
for file in /etc/subuid /etc/subgid; do mount --bind "$folder/ids" $file; done
exec setpriv --reuid 7777 --regid 7777 --clear-groups --inh-caps=-all -- "$@"
"""


class UserRuntime(Runtime):
    """Its --root is the default one, below $XDG_RUNTIME_DIR."""

    def __init__(self):
        super().__init__()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hull-user-"))  # root's, for the files that are mounted
        for path in ("/etc/subuid", "/etc/subgid"):
            if not os.path.exists(path):
                open(path, "x").close()
        self.run_folder = self.home / "run"
        self.run_folder.mkdir(mode=0o700)
        self.root = self.run_folder / "hull-runc"
        self.environment = {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(self.run_folder)}
        # The clone may lie where the user can't go.
        self.binary = shutil.copy(self.binary, self.home / "hull-runc")
        self.give(self.home)

    def give(self, path) -> None:
        subprocess.run(["chown", "-R", f"{USER}:{USER}", str(path)], check=True)

    def words(self, *args) -> list[str]:
        return ["unshare", "--mount", "--propagation", "private", "sh", "-ec", _ENTER, "sh", str(self.folder),
                *map(str, args)]

    def as_user(self, *args, **options) -> subprocess.CompletedProcess:
        options = {"env": self.environment, "stdin": subprocess.DEVNULL, "timeout": 60, **options}
        return subprocess.run(self.words(*args), text=True, capture_output=True, **options)

    def command(self, *args, **options) -> subprocess.CompletedProcess:
        return self.as_user(self.binary, *args, **options)

    def detached(self, *args, **options) -> subprocess.CompletedProcess:
        log = self.folder / "output"
        with open(log, "w") as sink:
            done = subprocess.run(self.words(self.binary, *args), stdout=sink, stderr=sink, stdin=subprocess.DEVNULL,
                                  timeout=60, env=self.environment, **options)
        done.stdout = log.read_text()
        return done

    def bundle(self, *args: str) -> "UserBundle":
        self.count += 1
        return UserBundle(self, self.home / f"bundle{self.count}", list(args))

    def close(self) -> None:
        super().close()
        shutil.rmtree(self.folder)


class UserBundle(Bundle):
    """What `spec --rootless` writes for that user."""

    def __init__(self, runtime: UserRuntime, path: pathlib.Path, args: list[str]):
        super().__init__(runtime, path, args)
        (path / "config.json").unlink()
        runtime.give(path)
        done = runtime.command("spec", "--rootless", "--bundle", path)
        assert done.returncode == 0, done.stderr
        self.config = json.loads((path / "config.json").read_text())
        self.process["terminal"] = False
        self.process["args"] = args

    def map_many(self) -> "UserBundle":
        self.linux["uidMappings"] = self.linux["gidMappings"] = MANY
        return self
