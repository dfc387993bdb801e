"""The decoder against instructions assembled by hand (and checked with a disassembler)."""

from __future__ import annotations

import pytest

from tests.probe.decode import UnknownInstruction, accesses

LOADS = {
    "8a 07": 8,  # mov al, [rdi]
    "66 8b 07": 16,  # mov ax, [rdi]
    "8b 07": 32,  # mov eax, [rdi]
    "48 8b 07": 64,  # mov rax, [rdi]
    "4c 8b 14 25 00 00 00 00": 64,  # mov r10, [0]
    "0f b6 07": 8,  # movzx eax, byte [rdi]
    "0f b7 07": 16,  # movzx eax, word [rdi]
    "48 0f be 07": 8,  # movsx rax, byte [rdi]
    "48 63 07": 32,  # movsxd rax, dword [rdi]
    "3b 07": 32,  # cmp eax, [rdi]
    "48 83 3f 01": 64,  # cmp qword [rdi], 1
    "f6 07 01": 8,  # test byte [rdi], 1
    "03 07": 32,  # add eax, [rdi]
    "66 0f 38 f0 07": 16,  # movbe ax, [rdi]
    "f3 0f 6f 07": 128,  # movdqu xmm0, [rdi]
    "66 0f 74 07": 128,  # pcmpeqb xmm0, [rdi]
    "f3 0f 7e 07": 64,  # movq xmm0, [rdi]
    "c5 fe 6f 07": 256,  # vmovdqu ymm0, [rdi]
    "c5 fa 6f 07": 128,  # vmovdqu xmm0, [rdi]
    "62 f1 fe 48 6f 07": 512,  # vmovdqu64 zmm0, [rdi]
}
STORES = {
    "88 07": 8,  # mov [rdi], al
    "66 89 07": 16,  # mov [rdi], ax
    "66 41 89 04 24": 16,  # mov [r12], ax
    "89 07": 32,  # mov [rdi], eax
    "48 89 07": 64,  # mov [rdi], rax
    "c6 07 01": 8,  # mov byte [rdi], 1
    "66 c7 07 01 00": 16,  # mov word [rdi], 1
    "c7 07 01 00 00 00": 32,  # mov dword [rdi], 1
    "48 c7 07 01 00 00 00": 64,  # mov qword [rdi], 1
    "f3 a4": 8,  # rep movsb
    "f3 48 a5": 64,  # rep movsq
    "f3 aa": 8,  # rep stosb
    "48 ab": 64,  # stosq
    "0f c3 07": 32,  # movnti [rdi], eax
    "0f 38 f1 07": 32,  # movbe [rdi], eax
    "0f 11 07": 128,  # movups [rdi], xmm0
    "f3 0f 7f 07": 128,  # movdqu [rdi], xmm0
    "66 0f d6 07": 64,  # movq [rdi], xmm0
    "66 0f e7 07": 128,  # movntdq [rdi], xmm0
    "66 48 0f 7e 07": 64,  # movq [rdi], xmm0
    "c5 fe 7f 07": 256,  # vmovdqu [rdi], ymm0
    "c5 f9 d6 07": 64,  # vmovq [rdi], xmm0
    "62 f1 7f 29 7f 07": 256,  # vmovdqu8 [rdi] {k1}, ymm0
}
BOTH = {
    "09 07": 32,  # or [rdi], eax
    "80 0f 01": 8,  # or byte [rdi], 1
    "48 83 0f 01": 64,  # or qword [rdi], 1
    "f7 17": 32,  # not dword [rdi]
    "fe 07": 8,  # inc byte [rdi]
    "f0 48 0f c1 07": 64,  # lock xadd [rdi], rax
    "66 f0 0f b1 0f": 16,  # lock cmpxchg [rdi], cx
    "87 07": 32,  # xchg [rdi], eax
    "c1 27 04": 32,  # shl dword [rdi], 4
}


@pytest.mark.parametrize(("code", "width"), LOADS.items())
def test_load(code: str, width: int) -> None:
    assert accesses(bytes.fromhex(code) + bytes(8), is_write=False) == [("R", width)]


@pytest.mark.parametrize(("code", "width"), STORES.items())
def test_store(code: str, width: int) -> None:
    assert accesses(bytes.fromhex(code) + bytes(8), is_write=True) == [("W", width)]


@pytest.mark.parametrize(("code", "width"), BOTH.items())
def test_read_modify_write(code: str, width: int) -> None:
    got = accesses(bytes.fromhex(code) + bytes(8), is_write=True)
    assert got == [("R", width), ("W", width)]


def test_movd_is_as_wide_as_its_general_register() -> None:
    movd, movq = bytes.fromhex("66 0f 6e 07"), bytes.fromhex("66 48 0f 6e 07")
    assert accesses(movd + bytes(8), is_write=False) == [("R", 32)]
    assert accesses(movq + bytes(8), is_write=False) == [("R", 64)]


def test_a_movs_that_faults_on_its_source_is_a_load() -> None:
    assert accesses(bytes.fromhex("f3 a5") + bytes(8), is_write=False) == [("R", 32)]


@pytest.mark.parametrize("code", ["0f 0b", "90", "0f 38 00 07", "c4 e3 7d 00 07"])
def test_unknown_bytes_are_an_error(code: str) -> None:
    with pytest.raises(UnknownInstruction):
        accesses(bytes.fromhex(code) + bytes(8), is_write=False)


def test_a_decoding_that_contradicts_the_cpu_is_an_error() -> None:
    with pytest.raises(UnknownInstruction):
        accesses(bytes.fromhex("8b 07") + bytes(8), is_write=True)
