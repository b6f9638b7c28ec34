"""Containers in the tests' machine, where cgroup v2 is the only one and systemd is process 1."""
import json
import shlex

from bundle import runtime_path

APPLETS = "sh true cat echo sleep ls dd head grep"


class VmRuntime:
    """hull-runc inside the machine."""

    def __init__(self, vm):
        self.vm = vm
        self.count = 0
        vm.run(f"""set -e
            cp {runtime_path()} /vm/hull-runc
            mkdir -p /vm/rootfs/bin /vm/rootfs/proc /vm/rootfs/sys /vm/rootfs/dev
            cp /bin/busybox /vm/rootfs/bin/; for a in {APPLETS}; do ln -sf busybox /vm/rootfs/bin/$a; done
            mkdir -p /vm/bundle; cd /vm/bundle; rm -f config.json; /vm/hull-runc spec""")
        self.base = json.loads(vm.run("cat /vm/bundle/config.json").stdout)

    def start(self, resources=None, *, flags="", path=None, args=("sleep", "1000"), annotations=None, **linux):
        """Runs a container in the background; returns its name."""
        self.count += 1
        name = f"c{self.count}"
        config = json.loads(json.dumps(self.base))
        config["process"] |= {"terminal": False, "args": list(args)}
        config["root"]["path"] = "/vm/rootfs"
        config["linux"]["cgroupsPath"] = path if path is not None else f"/test/{name}"
        config["linux"]["resources"] |= resources or {}
        config["linux"] |= linux
        config["annotations"] = annotations or {}
        done = self.vm.run(f"""mkdir -p /vm/{name}; printf %s {shlex.quote(json.dumps(config))} >/vm/{name}/config.json
            /vm/hull-runc {flags} run -d -b /vm/{name} {name} >/vm/{name}/out 2>&1 || {{ s=$?; cat /vm/{name}/out; exit $s; }}""",
                           check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return name

    def runc(self, *args, check=True):
        return self.vm.run(f"/vm/hull-runc {' '.join(map(shlex.quote, map(str, args)))}", check=check)

    def read(self, name, *files, at="test"):
        """The content of files of the container's cgroup."""
        text = self.vm.run("\n".join(f"cat /sys/fs/cgroup/{at}/{name}/{file}; echo '@'" for file in files)).stdout
        return [part.strip() for part in text.split("@\n")[:len(files)]]

    def delete(self, name):
        self.runc("delete", "--force", name)
