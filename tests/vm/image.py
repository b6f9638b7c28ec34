"""The kernel and initramfs of the tests' machine, made from Debian's kernel package and kept under build/vm."""
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE.parents[1] / "build" / "vm"
# Loaded by the initramfs, with what they need; all others are on the root that it mounts.
MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay", "virtio_console")


class Unavailable(Exception):
    """The machine can't be made here."""


def _output(*command: str, **options) -> str:
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise Unavailable(f"{' '.join(command)}: {done.stderr.strip()[-300:]}")
    return done.stdout


def _kernel_package() -> str:
    found = re.search(r"Depends: (linux-image-\S+)", _output("apt-cache", "depends", "linux-image-amd64"))
    if not found:
        raise Unavailable("apt knows no kernel package")
    return found.group(1)


class Image:
    """Paths of what QEMU boots."""

    def __init__(self, folder: pathlib.Path):
        self.kernel = folder / "vmlinuz"
        self.initramfs = folder / "initramfs"


def prepare() -> Image:
    """Makes what is missing; the next run with the same kernel and the same scripts finds it there."""
    for program in ("qemu-system-x86_64", "depmod", "dpkg-deb", "busybox"):
        if not shutil.which(program):
            raise Unavailable(f"{program} is not installed")
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kernel = _unpack_kernel()
        parts = [HERE / "image.py", HERE / "init", HERE / "agent", *sorted((HERE / "units").iterdir())]
        key = hashlib.sha256(b"".join(p.read_bytes() for p in parts) + str(kernel).encode()).hexdigest()[:12]
        folder = CACHE / f"image-{key}"
        if not folder.exists():
            _make_image(kernel, folder)
    return Image(folder)


def _unpack_kernel() -> pathlib.Path:
    """The kernel's package, unpacked and never installed: the host's boot loader must not see it."""
    kept = sorted(CACHE.glob("kernel-*/"))
    if kept:
        return kept[-1]
    package = _kernel_package()
    making = CACHE / "making"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    _output("apt-get", "-o", "APT::Sandbox::User=root", "download", package, cwd=making)
    file = next(making.glob("*.deb"))
    _output("dpkg-deb", "-x", str(file), str(making))
    file.unlink()
    _output("depmod", "-b", str(making), next((making / "lib/modules").iterdir()).name)
    kernel = CACHE / f"kernel-{file.name.removesuffix('.deb')}"
    making.rename(kernel)
    return kernel


def _module_order(modules: pathlib.Path) -> list[pathlib.Path]:
    """Each module after those that it needs."""
    needs = {}
    for line in (modules / "modules.dep").read_text().splitlines():
        path, _, rest = line.partition(":")
        needs[pathlib.Path(path).stem.replace("-", "_")] = [path, *rest.split()]
    order: list[str] = []
    for name in MODULES:
        if name in needs:  # else built in
            order += [path for path in reversed(needs[name]) if path not in order]
    return [modules / path for path in order]


def _make_image(kernel: pathlib.Path, folder: pathlib.Path) -> None:
    modules = next((kernel / "lib/modules").iterdir())
    tree = folder.with_suffix(".tree")
    shutil.rmtree(tree, ignore_errors=True)
    for name in ("bin", "modules", "units"):
        (tree / name).mkdir(parents=True)
    shutil.copy(shutil.which("busybox"), tree / "bin/busybox")
    (tree / "bin/sh").symlink_to("busybox")
    order = _module_order(modules)
    for module in order:
        shutil.copy(module, tree / "modules")
    (tree / "modules/order").write_text("".join(f"{module.name}\n" for module in order))
    (tree / "settings").write_text(f"MODULES={modules.parent}\n")
    for name in ("init", "agent"):
        shutil.copy(HERE / name, tree)
        os.chmod(tree / name, 0o755)
    for unit in (HERE / "units").iterdir():
        shutil.copy(unit, tree / "units")
    making = folder.with_suffix(".making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    shutil.copy(next((kernel / "boot").glob("vmlinuz-*")), making / "vmlinuz")
    with open(making / "initramfs", "wb") as archive:
        subprocess.run(["sh", "-c", "find . | busybox cpio -o -H newc"], cwd=tree, stdout=archive,
                       stderr=subprocess.DEVNULL, check=True)
    shutil.rmtree(tree)
    making.rename(folder)
