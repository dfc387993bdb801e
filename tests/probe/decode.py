"""What one x86-64 instruction does to memory: loads, stores, and of which width.

Knows the instructions that compilers and C libraries use on data. An instruction that it does not
know is an error, never a guess. Source: Intel 64 and IA-32 Architectures Software Developer's
Manual, volume 2, appendix A (opcode maps).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Kind", "UnknownInstruction", "accesses"]

Kind = Literal["R", "W"]

_LOAD: tuple[Kind, ...] = ("R",)
_STORE: tuple[Kind, ...] = ("W",)
_BOTH: tuple[Kind, ...] = ("R", "W")

_LEGACY_PREFIXES = {0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF0, 0xF2, 0xF3}


class UnknownInstruction(Exception):
    """The bytes are no instruction that this module knows."""


@dataclass(frozen=True, slots=True)
class _Instruction:
    """The parts of an instruction that decide about its memory operand."""

    table: int  # 0: one-byte opcodes, 1: 0F, 2: 0F 38, 3: 0F 3A
    opcode: int
    extension: int  # the reg field of ModRM, which picks within an opcode group
    simd: int  # the mandatory prefix: 0, 0x66, 0xF3 or 0xF2
    vector: int  # bits, for VEX and EVEX; 128 otherwise
    operand: int  # bits of a general-purpose operand: 16, 32 or 64
    is_vex: bool


def accesses(code: bytes, is_write: bool) -> list[tuple[Kind, int]]:
    """The accesses of the instruction in ``code``, in order, each with its width in bits.

    ``is_write`` is how the CPU reported the fault; it decides for an instruction with two memory
    operands (``movs``), and contradicts a wrong decoding.
    """
    instruction = _parse(code)
    kinds, width = _effect(instruction, is_write)
    if ("W" in kinds) is not is_write:
        raise UnknownInstruction(f"{code.hex(' ')}: decoded as {kinds}, but write is {is_write}")
    return [(kind, width) for kind in kinds]


def _parse(code: bytes) -> _Instruction:
    at = 0
    prefixes = set()
    while code[at] in _LEGACY_PREFIXES:
        prefixes.add(code[at])
        at += 1
    rex = 0
    if code[at] & 0xF0 == 0x40:
        rex = code[at]
        at += 1
    simd = next((prefix for prefix in (0xF2, 0xF3, 0x66) if prefix in prefixes), 0)
    wide, vector, is_vex = bool(rex & 8), 128, False
    first = code[at]
    if first in {0xC5, 0xC4, 0x62}:
        is_vex = True
        if first == 0xC5:
            table, last, at = 1, code[at + 1], at + 2
            wide, vector = False, 256 if last & 4 else 128
        elif first == 0xC4:
            table, last, at = code[at + 1] & 0x1F, code[at + 2], at + 3
            wide, vector = bool(last & 0x80), 256 if last & 4 else 128
        else:
            table, last = code[at + 1] & 7, code[at + 2]
            wide, vector = bool(last & 0x80), 128 << ((code[at + 3] >> 5) & 3)
            at += 4
        simd = (0, 0x66, 0xF3, 0xF2)[last & 3]
    elif first != 0x0F:
        table = 0
    elif code[at + 1] in {0x38, 0x3A}:
        table, at = 2 if code[at + 1] == 0x38 else 3, at + 2
    else:
        table, at = 1, at + 1
    operand = 64 if wide else 16 if 0x66 in prefixes else 32
    return _Instruction(table, code[at], (code[at + 1] >> 3) & 7, simd, vector, operand, is_vex)


def _effect(given: _Instruction, is_write: bool) -> tuple[tuple[Kind, ...], int]:
    effect = (
        _one_byte(given, is_write)
        if given.table == 0
        else _general_0f(given) or _vector_0f(given)
        if given.table == 1
        else _longer(given)
    )
    if effect is None:
        raise UnknownInstruction(f"opcode {given.opcode:#x} of table {given.table}: {given}")
    return effect


def _one_byte(given: _Instruction, is_write: bool) -> tuple[tuple[Kind, ...], int] | None:
    opcode, extension = given.opcode, given.extension
    width = given.operand if opcode & 1 else 8
    if opcode < 0x40 and opcode & 7 < 4:  # add or adc sbb and sub xor cmp
        compares = opcode >> 3 == 7
        return (_LOAD if compares or opcode & 2 else _BOTH), width
    if opcode == 0x63:  # movsxd
        return _LOAD, 32
    if opcode in {0x80, 0x81, 0x83}:
        return (_LOAD if extension == 7 else _BOTH), width
    if opcode in {0x84, 0x85, 0x8A, 0x8B, 0xA0, 0xA1, 0xA6, 0xA7, 0xAC, 0xAD, 0xAE, 0xAF}:
        return _LOAD, width  # test mov mov cmps lods scas
    if opcode in {0x88, 0x89, 0xA2, 0xA3, 0xAA, 0xAB, 0xC6, 0xC7}:
        return _STORE, width  # mov mov stos mov
    if opcode in {0xA4, 0xA5}:  # movs, also under rep: one step is one element
        return (_STORE if is_write else _LOAD), width
    if opcode in {0x69, 0x6B}:  # imul
        return _LOAD, given.operand
    if opcode in {0x86, 0x87, 0xC0, 0xC1, 0xD0, 0xD1, 0xD2, 0xD3}:  # xchg, shifts
        return _BOTH, width
    if opcode in {0xF6, 0xF7}:  # test test not neg mul imul div idiv
        return (_BOTH if extension in {2, 3} else _LOAD), width
    if opcode in {0xFE, 0xFF}:  # inc dec, then call, jmp, push
        return (_BOTH, width) if extension < 2 else (_LOAD, 64)
    return None


def _general_0f(given: _Instruction) -> tuple[tuple[Kind, ...], int] | None:
    opcode = given.opcode
    if given.is_vex:
        return None
    if opcode in {0xB6, 0xBE}:  # movzx, movsx
        return _LOAD, 8
    if opcode in {0xB7, 0xBF}:
        return _LOAD, 16
    if 0x40 <= opcode < 0x50 or opcode in {0xA3, 0xAF, 0xB8, 0xBC, 0xBD}:
        return _LOAD, given.operand  # cmov bt imul popcnt bsf bsr
    if 0x90 <= opcode < 0xA0:  # setcc
        return _STORE, 8
    if opcode == 0xC3:  # movnti
        return _STORE, given.operand
    if opcode in {0xB0, 0xB1, 0xC0, 0xC1}:  # cmpxchg, xadd
        return _BOTH, given.operand if opcode & 1 else 8
    if opcode in {0xAB, 0xB3, 0xBB}:  # bts btr btc
        return _BOTH, given.operand
    if opcode == 0xC7 and given.extension == 1:  # cmpxchg8b, cmpxchg16b
        return _BOTH, 128 if given.operand == 64 else 64
    return None


def _vector_0f(given: _Instruction) -> tuple[tuple[Kind, ...], int] | None:
    opcode, simd = given.opcode, given.simd
    scalar = {0xF3: 32, 0xF2: 64}.get(simd, given.vector)
    mmx = given.vector if simd else 64
    general = 64 if given.operand == 64 else 32
    exact: dict[int, tuple[tuple[Kind, ...], int]] = {
        0x10: (_LOAD, scalar),  # movups movss movsd
        0x11: (_STORE, scalar),
        0x12: (_LOAD, 64),  # movlps
        0x13: (_STORE, 64),
        0x16: (_LOAD, 64),  # movhps
        0x17: (_STORE, 64),
        0x28: (_LOAD, given.vector),  # movaps
        0x29: (_STORE, given.vector),
        0x2B: (_STORE, given.vector),  # movntps
        0x6E: (_LOAD, general),  # movd movq
        0x6F: (_LOAD, mmx),  # movdqa movdqu
        0x7E: (_LOAD, 64) if simd == 0xF3 else (_STORE, general),
        0x7F: (_STORE, mmx),
        0xD6: (_STORE, 64),  # movq
        0xE7: (_STORE, mmx),  # movntdq
    }
    if opcode in exact:
        return exact[opcode]
    arithmetic = 0x54 <= opcode <= 0x57 or 0x60 <= opcode <= 0x76 or 0xD1 <= opcode <= 0xFE
    return (_LOAD, mmx) if arithmetic and simd in {0, 0x66} else None


def _longer(given: _Instruction) -> tuple[tuple[Kind, ...], int] | None:
    opcode = given.opcode
    if given.table == 2 and not given.is_vex:
        if opcode in {0xF0, 0xF1} and given.simd == 0xF2:  # crc32
            return _LOAD, given.operand if opcode & 1 else 8
        if opcode in {0xF0, 0xF1}:  # movbe
            return (_STORE if opcode & 1 else _LOAD), given.operand
    if given.table == 2 and given.is_vex:
        if opcode in {0x2E, 0x2F, 0x8E}:  # vmaskmov, vpmaskmov
            return _STORE, given.vector
        if opcode in {0x2C, 0x2D, 0x8C}:
            return _LOAD, given.vector
        if opcode in {0x58, 0x59, 0x78, 0x79}:  # vpbroadcast
            return _LOAD, {0x58: 32, 0x59: 64, 0x78: 8, 0x79: 16}[opcode]
        if opcode in {0xF5, 0xF7}:  # bzhi, shlx sarx shrx bextr
            return _LOAD, 64 if given.operand == 64 else 32
    if given.table == 3:
        if opcode in {0x14, 0x15, 0x16, 0x17}:  # pextr
            wide = 64 if given.operand == 64 else 32
            return _STORE, {0x14: 8, 0x15: 16, 0x16: wide, 0x17: 32}[opcode]
        if opcode in {0x3E, 0x3F} and given.is_vex:  # vpcmpub
            return _LOAD, given.vector
    return None
