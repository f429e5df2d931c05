"""What the compiler calls by itself (compiler.S), beside Python's arithmetic."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runtime.builds import ROOT, build

CODE, DATA, STACK, RETURN, BY_ZERO = 0x1000, 0x2_0000, 0x3_0000, 0x4_0000, 0x4_0100
WORDS = st.one_of(st.integers(0, 2**32 - 1), st.integers(0, 32).map(lambda bits: 2**32 - 1 >> bits),
                  st.integers(0, 31).map(lambda bit: 1 << bit))


class Caller:
    """The functions on an ARM core in software."""

    def __init__(self, folder: Path) -> None:
        self.unicorn = pytest.importorskip("unicorn")
        build()     # skips without the cross compiler
        elf = folder / "compiler.elf"
        subprocess.run(["arm-none-eabi-gcc", "-mcpu=arm968e-s", "-marm", "-nostdlib",
                        f"-Wl,-Ttext={CODE:#x},--defsym=__aeabi_idiv0={BY_ZERO:#x},-e,memset",
                        ROOT / "c_models/runtime/src/compiler.S", "-o", elf], check=True)
        image = folder / "compiler.bin"
        subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", elf, image], check=True)
        listing = subprocess.run(["arm-none-eabi-nm", elf], check=True, capture_output=True,
                                 text=True).stdout
        self.symbols = {name: int(value, 16)
                        for value, _, name in map(str.split, listing.splitlines())}
        arm = self.unicorn.arm_const
        self.engine = self.unicorn.Uc(self.unicorn.UC_ARCH_ARM, self.unicorn.UC_MODE_ARM)
        self.engine.ctl_set_cpu_model(arm.UC_CPU_ARM_926)
        self.engine.mem_map(0, 0x5_0000)
        self.engine.mem_write(CODE, image.read_bytes())
        self.registers = [getattr(arm, f"UC_ARM_REG_R{k}") for k in range(13)]
        self.lr, self.sp, self.pc = arm.UC_ARM_REG_LR, arm.UC_ARM_REG_SP, arm.UC_ARM_REG_PC

    def call(self, name: str, *arguments: int, end: int = RETURN) -> tuple[int, int]:
        """r0 and r1 after a call; registers that a function must keep are checked."""
        kept = {self.registers[k]: 0x1111_1111 * k for k in range(4, 12)} | {self.sp: STACK}
        for register, value in kept.items() | {self.lr: RETURN}.items():
            self.engine.reg_write(register, value)
        for register, value in zip(self.registers, arguments, strict=False):
            self.engine.reg_write(register, value)
        self.engine.emu_start(self.symbols[name], end, count=1000)
        assert self.engine.reg_read(self.pc) == end
        assert {register: self.engine.reg_read(register) for register in kept} == kept
        return tuple(self.engine.reg_read(register) for register in self.registers[:2])




@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return Caller(tmp_path_factory.mktemp("compiler"))


@given(dividend=WORDS, divisor=WORDS.filter(bool))
def test_division(core: Any, dividend: int, divisor: int) -> None:
    assert core.call("__aeabi_uidivmod", dividend, divisor) == divmod(dividend, divisor)
    assert core.call("__aeabi_uidiv", dividend, divisor)[0] == dividend // divisor


def test_division_by_zero_is_left_to_the_libraries(core: Any) -> None:
    core.call("__aeabi_uidiv", 7, 0, end=BY_ZERO)


@given(value=WORDS)
def test_leading_zeros(core: Any, value: int) -> None:
    assert core.call("__clzsi2", value)[0] == 32 - value.bit_length()


@given(value=st.integers(0, 2**32 - 1), count=st.integers(0, 70), offset=st.integers(1, 4))
def test_filling(core: Any, value: int, count: int, offset: int) -> None:
    core.engine.mem_write(DATA, bytes([0xEE] * 80))
    assert core.call("memset", DATA + offset, value, count)[0] == DATA + offset
    expected = [0xEE] * offset + [value & 0xFF] * count + [0xEE] * (80 - offset - count)
    assert list(core.engine.mem_read(DATA, 80)) == expected
