"""An ARM core in software (Unicorn) that runs the test image, beside the same code on the host."""

import ctypes
import fcntl
import subprocess
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build/arm"
CODE, STACK, RETURN, DATA = 0x0, 0x41_0000, 0xF_0000, 0x6000_0000
DATA_SIZE = 1 << 24


@cache
def build() -> Path:
    """The folder with both builds, made when needed."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as lock:    # tests may run in several processes
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["make", "--no-print-directory", "-s", "-C", ROOT / "makefiles/arm"],
                       check=True)
    return BUILD


def compiler() -> str:
    """Version of the cross compiler, on which counts of instructions depend."""
    return subprocess.run(["arm-none-eabi-gcc", "-dumpfullversion"], check=True,
                          capture_output=True, text=True).stdout.strip()


@cache
def host() -> ctypes.CDLL:
    """The kernels, compiled for the host."""
    return ctypes.CDLL(str(build() / "libkernels.so"))


@cache
def symbols() -> dict[str, int]:
    """Addresses in the image."""
    listing = subprocess.run(["arm-none-eabi-nm", build() / "kernels.elf"], check=True,
                             capture_output=True, text=True).stdout
    return {name: int(address, 16)
            for address, _, name in (line.split() for line in listing.splitlines()
                                     if len(line.split()) == 3)}


@cache
def image() -> bytes:
    """Code and constants of the image, from address 0x100."""
    return (build() / "kernels.bin").read_bytes()


class Core:
    """One core. ``strict``: refuse unaligned accesses, which the chip traps and Unicorn allows."""

    def __init__(self, strict: bool = True) -> None:
        import unicorn  # GPL: an optional dependency
        self.registers = [getattr(unicorn.arm_const, f"UC_ARM_REG_R{k}") for k in range(4)]
        self.sp, self.lr = unicorn.arm_const.UC_ARM_REG_SP, unicorn.arm_const.UC_ARM_REG_LR
        self.engine = engine = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_ARM)
        engine.ctl_set_cpu_model(unicorn.arm_const.UC_CPU_ARM_926)
        engine.mem_map(CODE, 0x1_0000)
        engine.mem_map(0x40_0000, 0x2_0000)
        engine.mem_map(RETURN, 0x1000)
        engine.mem_map(DATA, DATA_SIZE)
        engine.mem_write(0x100, image())
        self.unaligned: list[tuple[int, int]] = []
        self.instructions = 0
        self._count_hook = unicorn.UC_HOOK_CODE
        if strict:
            engine.hook_add(unicorn.UC_HOOK_MEM_READ | unicorn.UC_HOOK_MEM_WRITE, self._access)

    def _access(self, _engine: Any, _kind: int, address: int, size: int, *_rest: Any) -> None:
        if address % min(size, 4):
            self.unaligned.append((address, size))

    def _count(self, *_arguments: Any) -> None:
        self.instructions += 1

    def counting(self) -> "Core":
        """Count instructions from now on, one by one (slow, exact)."""
        self.engine.hook_add(self._count_hook, self._count)
        return self

    def call(self, name: str, *arguments: int) -> int:
        """Call a function with integers and addresses; what it leaves in r0."""
        engine = self.engine
        for register, value in zip(self.registers, arguments, strict=False):
            engine.reg_write(register, value & 0xFFFF_FFFF)
        stacked = arguments[4:]
        sp = STACK - 4 * (len(stacked) + len(stacked) % 2)
        if stacked:
            engine.mem_write(sp, np.array(stacked, dtype=np.int64).astype(np.uint32).tobytes())
        engine.reg_write(self.sp, sp)
        engine.reg_write(self.lr, RETURN)
        self.instructions = 0
        engine.emu_start(symbols()[name], RETURN)
        return int(engine.reg_read(self.registers[0]))

    def put(self, arrays: Iterable[np.ndarray]) -> list[int]:
        """Copy arrays into the core's memory, each at a word; their addresses."""
        addresses, at = [], DATA
        for array in arrays:
            self.engine.mem_write(at, array.tobytes())
            addresses.append(at)
            at += (array.nbytes + 23) // 8 * 8  # a gap, so that a write past the end shows
        assert at < DATA + DATA_SIZE
        return addresses

    def get(self, address: int, like: np.ndarray) -> np.ndarray:
        """The core's memory at the place where ``like`` was put."""
        data = bytes(self.engine.mem_read(address, like.nbytes))
        return np.frombuffer(data, dtype=like.dtype).reshape(like.shape)


def both(core: Core, name: str, arguments: list[Any], on_core: str | None = None,
         answers: bool = True) -> int:
    """Call a kernel on host and core with integers and arrays; arrays change in place.

    Asserts that the answer and every array agree to the last bit. ``on_core``: another name
    there (assembly). ``answers``: the kernel returns something.
    """
    arrays = [argument for argument in arguments if isinstance(argument, np.ndarray)]
    places = dict(zip(map(id, arrays), core.put(arrays), strict=True))
    given = [places[id(argument)] if isinstance(argument, np.ndarray) else int(argument)
             for argument in arguments]
    found = core.call(on_core or name, *given)
    function: Callable[..., int] = host()[name]
    function.restype = ctypes.c_uint32
    expected = function(*[ctypes.c_void_p(argument.ctypes.data) if isinstance(argument, np.ndarray)
                          else ctypes.c_int32(ctypes.c_uint32(int(argument) & 0xFFFF_FFFF).value)
                          for argument in arguments])
    if answers:
        assert found == expected & 0xFFFF_FFFF, name
    for array in arrays:
        np.testing.assert_array_equal(core.get(places[id(array)], array), array, err_msg=name)
    return expected
