"""`ctr` says the same of our supervisor and of a stock containerd: one list of command lines, one after the other, exit
code, output and errors compared. Times, ids of processes, sizes on disk and folders are made equal."""
import re

import pytest
from harness import images
from harness.containerd import Containerd
from harness.paths import peer

IMAGE = "docker.io/library/busybox:latest"
ABSENT = "sha256:" + "1" * 64

# DIGEST is an image's target, TOP its snapshot, ARCHIVE what it came from, SCRATCH a folder of the daemon's own.
LINES = """
namespaces ls
namespaces create one k=v
namespaces create one
namespaces create a/b
namespaces create
namespaces label one k=w l=m
namespaces label one k=
namespaces ls
namespaces ls -q
namespaces rm absent
namespaces rm one
images ls
images import ARCHIVE
images ls
images ls -q
images ls name==absent
images ls name==docker.io/library/busybox:latest
images check
images check -q
images tag docker.io/library/busybox:latest example.com/b:1
images tag docker.io/library/busybox:latest example.com/b:1
images tag --force docker.io/library/busybox:latest example.com/b:1
images tag absent:1 example.com/c:1
images label example.com/b:1 k=v
images label absent:1 k=v
images ls -q
images rm example.com/b:1
images rm example.com/b:1
images export SCRATCH/out.tar absent:1
images export SCRATCH/out.tar docker.io/library/busybox:latest
images mount absent:1 SCRATCH
images pull nonsense/
images usage docker.io/library/busybox:latest
content get DIGEST
content get sha256:12
content get ABSENT
content rm ABSENT
content rm
content active
content label DIGEST k=v
content label ABSENT k=v
content fetch-blob
content prune references
snapshots ls
snapshots info TOP
snapshots info absent
snapshots prepare work TOP
snapshots prepare work TOP
snapshots prepare other absent
snapshots view look TOP
snapshots label work k=v
snapshots label absent k=v
snapshots tree
snapshots commit layer work
snapshots commit layer work
snapshots commit look look
snapshots unpack ABSENT
snapshots usage layer
snapshots usage absent
snapshots rm layer look
snapshots rm absent
snapshots --snapshotter absent ls
leases ls
leases create --id mine --expires 0 k=v
leases create --id mine
leases ls -q
leases rm mine
leases rm mine
containers ls
containers create docker.io/library/busybox:latest c1 sh
containers create docker.io/library/busybox:latest c1 sh
containers create docker.io/library/busybox:latest a/b sh
containers create absent:1 c2
containers ls -q
containers ls -q id==c1
containers ls -q id==
containers label c1 k=v
containers label absent k=v
containers info absent
containers info --spec absent
tasks ls
tasks start absent
tasks kill absent
tasks kill c1
tasks rm absent
tasks rm c1
tasks ps absent
tasks metrics absent
tasks pause absent
tasks resume absent
tasks exec --exec-id e absent sh
tasks attach absent
tasks checkpoint absent
containers checkpoint absent ref
run --rm --runtime io.containerd.absent.v9 docker.io/library/busybox:latest r1 true
run --rm docker.io/library/busybox:latest r2 sh -c "echo out; exit 3"
run -d docker.io/library/busybox:latest r3 sleep 1000
run -d docker.io/library/busybox:latest r3 sleep 1000
tasks ls -q
tasks exec --exec-id e r3 echo in
tasks exec --exec-id e r3 nonexistent
tasks pause r3
tasks resume r3
tasks kill -s 99 r3
tasks rm r3
tasks kill -s KILL r3
tasks rm -f r3
containers rm c1 r3
containers rm c1
images rm --sync docker.io/library/busybox:latest
content ls
snapshots ls
namespaces rm default
""".strip().splitlines()

# What is another thing on purpose; docs/conformance.md says why.
MEANT = {"containers ls -q id=="}


class Side:
    def __init__(self, daemon):
        self.daemon = daemon
        self.scratch = daemon.folder / "scratch"
        self.scratch.mkdir()
        self.names = {"ARCHIVE": str(images.busybox()), "SCRATCH": str(self.scratch), "ABSENT": ABSENT}

    def learn(self):
        """What the image is made of, once it is there."""
        target = re.search(r"sha256:[0-9a-f]{64}", self.daemon.ctr("images", "ls").stdout)
        if target and "DIGEST" not in self.names:
            self.names["DIGEST"] = target.group()
            self.names["TOP"] = self.daemon.ctr("snapshots", "ls").stdout.splitlines()[1].split()[0]

    def say(self, line):
        words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)]
        words = [re.sub("|".join(self.names), lambda m: self.names[m.group()], word) for word in words]
        done = self.daemon.ctr(*words, check=False, timeout=60)
        return done.returncode, self.equal(done.stdout), self.equal(done.stderr)

    def equal(self, text):
        text = text.replace(str(self.daemon.folder), "FOLDER")
        text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( \+0000 UTC|Z)?", "TIME", text)
        text = re.sub(r"\b\d+(\.\d+)? ?([KMG]i?B|B|seconds?|minutes?)\b", "SIZE", text)
        text = re.sub(r"\belapsed: .*", "elapsed", text)
        text = re.sub(r"^(r3|c1)(\s+)\d+", r"\1\2PID", text, flags=re.M)
        # Labels come in the order of Go's maps, which is another each time.
        text = re.sub(r"[^\s,]+=[^\s,]*(,[^\s,]+=[^\s,]*)+", lambda m: ",".join(sorted(m.group().split(","))), text)
        return re.sub(r"[ \t]+", " ", text)


@pytest.fixture(scope="module")
def answers():
    if not peer("containerd") or not peer("ctr"):
        pytest.skip("containerd is not installed")
    both = []
    for daemon in (Containerd.hull(), Containerd.stock()):
        try:
            side, said = Side(daemon), []
            for line in LINES:
                said.append(side.say(line))
                if line.startswith("images import"):
                    side.learn()
            both.append(said)
        finally:
            daemon.close()
    return list(zip(*both))


@pytest.mark.parametrize("number", range(len(LINES)), ids=[f"{n:03} {line}" for n, line in enumerate(LINES)])
def test_a_command(answers, number):
    ours, stock = answers[number]
    if LINES[number] in MEANT:
        assert ours != stock, "no difference is left"
        return
    assert ours == stock
