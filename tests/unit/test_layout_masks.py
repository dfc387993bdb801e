"""What a write keeps, sets and refuses to guess, as a literal table for each combination of access.

Registers of 8 bits with fields of one access word each, from the lowest bits up; a dot is a bit
that nobody declared. ``A.BB`` is field A at bit 0, then a hole, then field B at bits 3:2.
"""

from __future__ import annotations

import pytest

from regmap.bits import BitRange
from regmap.layout import RegisterAt, lay_out
from regmap.layout.masks import (
    field_refusals,
    register_refusals,
    side_effect,
    write_masks,
)
from regmap.model.access import ACCESS_SHORTHANDS, READ_RULES, WRITE_RULES, ReadAction, WriteAction
from regmap.model.block import Block, Field, Register


def fields_of(picture: str, *shorthands: str) -> tuple[Field, ...]:
    """Fields A, B, ... where the picture has their letters, from bit 0 up."""
    made = []
    for letter, shorthand in zip(sorted(set(picture) - {"."}), shorthands, strict=True):
        triple = ACCESS_SHORTHANDS[shorthand]
        made.append(
            Field(
                name=letter,
                bits=(BitRange(picture.index(letter), picture.count(letter)),),
                access=triple.access,
                write_action=triple.write_action,
                read_action=triple.read_action,
            )
        )
    return tuple(made)


def register_of(shorthand: str = "rw", reset: int | None = None) -> Register:
    triple = ACCESS_SHORTHANDS[shorthand]
    return Register(
        name="R",
        offset=0,
        width=8,
        access=triple.access,
        write_action=triple.write_action,
        read_action=triple.read_action,
        reset=reset,
    )


# picture, access words, keep, neutral, guess
TABLE = [
    # Plain fields, and bits that nobody declared, are kept.
    ("AABB....", "rw rw", 0b1111_1111, 0, 0),
    ("AAAAAAAA", "rw", 0b1111_1111, 0, 0),
    ("AABB....", "rw ro", 0b1111_1111, 0, 0),
    ("AA......", "ro", 0b1111_1111, 0, 0),
    # All that is written is write-one: nothing is kept, undeclared bits are as their neighbours.
    ("ABC.....", "rw1c rw1c rw1c", 0, 0, 0),
    ("ABC.....", "rw1s wo1s rw1t", 0, 0, 0),
    ("ABC.....", "rw0c rw0c rw0c", 0, 0b1111_1111, 0),
    ("ABC.....", "rw0s wo0t rw0c", 0, 0b1111_1111, 0),
    ("AB......", "rw1c rw0c", 0, 0b0000_0010, 0),
    ("AB......", "rw1c ro", 0, 0, 0),
    ("AB......", "rw0c ro", 0, 0b1111_1101, 0),
    ("A.......", "wo1s", 0, 0, 0),
    # Write-one beside plain: the plain is kept, the write-one is neutral.
    ("AABC....", "rw rw1c rw1s", 0b1111_0011, 0, 0),
    ("AABC....", "rw rw0c rw0s", 0b1111_0011, 0b0000_1100, 0),
    ("ABCD....", "rw rw1t wo0t ro", 0b1111_1001, 0b0000_0100, 0),
    # What can be neither kept nor written neutral is guessed by any write but its own.
    ("AABB....", "rw wo", 0b1111_0011, 0, 0b0000_1100),
    ("AABB....", "rw w1", 0b1111_0011, 0, 0b0000_1100),
    ("AABB....", "rw rw1", 0b1111_0011, 0, 0b0000_1100),
    ("AABB....", "rw rwc", 0b1111_0011, 0, 0b0000_1100),
    ("AABB....", "rw wos", 0b1111_0011, 0, 0b0000_1100),
    # Read actions do not change what a write keeps.
    ("AABB....", "rwrc rw", 0b1111_1111, 0, 0),
    ("AABB....", "rc rw", 0b1111_1111, 0, 0),
    # Nothing can be read: there is nothing to keep, and every plain field would be guessed.
    ("AABB....", "wo wo", 0, 0, 0b0000_1111),
    ("AABB....", "wo wo1s", 0, 0, 0b0000_0011),
    ("AABB....", "wo wo0s", 0, 0b0000_1100, 0b0000_0011),
    # Only write-only fields, but others can be read: what was read goes back.
    ("AABB....", "ro wo", 0b1111_0011, 0, 0b0000_1100),
]


@pytest.mark.parametrize(("picture", "words", "keep", "neutral", "guess"), TABLE)
def test_the_masks_of_a_register_with_fields(
    picture: str, words: str, keep: int, neutral: int, guess: int
) -> None:
    fields = fields_of(picture, *words.split())
    masks = write_masks(register_of(), fields)
    assert (masks.neutral, masks.guess) == (neutral, guess)
    assert masks.keep == keep
    assert masks.keep & masks.neutral == 0
    assert bool(masks.why_guess) is bool(guess)


# access word of a register without fields: keep, neutral, guess
WHOLE = {
    "rw": (0xFF, 0, 0),
    "ro": (0xFF, 0, 0),
    "wo": (0, 0, 0xFF),
    "w1": (0, 0, 0xFF),
    "rw1": (0, 0, 0xFF),
    "rw1c": (0, 0, 0),
    "rw1s": (0, 0, 0),
    "rw1t": (0, 0, 0),
    "wo1c": (0, 0, 0),
    "wo1s": (0, 0, 0),
    "wo1t": (0, 0, 0),
    "rw0c": (0, 0xFF, 0),
    "rw0s": (0, 0xFF, 0),
    "rw0t": (0, 0xFF, 0),
    "wo0c": (0, 0xFF, 0),
    "wo0s": (0, 0xFF, 0),
    "wo0t": (0, 0xFF, 0),
    "rwc": (0, 0, 0xFF),
    "rws": (0, 0, 0xFF),
    "woc": (0, 0, 0xFF),
    "wos": (0, 0, 0xFF),
    "rc": (0xFF, 0, 0),
    "rs": (0xFF, 0, 0),
    "rwrc": (0xFF, 0, 0),
    "rwrs": (0xFF, 0, 0),
}


@pytest.mark.parametrize("word", ACCESS_SHORTHANDS)
def test_the_masks_of_a_register_without_fields(word: str) -> None:
    masks = write_masks(register_of(word), ())
    assert (masks.keep, masks.neutral, masks.guess) == WHOLE[word]


def test_reserved_bits_that_cannot_be_read_are_written_as_after_reset() -> None:
    fields = fields_of("AA......", "wo")
    assert write_masks(register_of(reset=0b1010_0001), fields).neutral == 0b1010_0000
    assert write_masks(register_of(), fields).neutral == 0


def test_where_fields_share_bits_what_was_read_does_not_act() -> None:
    """A plain field over a write-one flag: the flag is not written back as it was read."""
    both = (*fields_of("AAAA....", "rw"), *fields_of("..BB....", "rw1c"))
    assert write_masks(register_of(), both).keep == 0b1111_0011
    both = (*fields_of("AAAA....", "rw"), *fields_of("..BB....", "rw0c"))
    masks = write_masks(register_of(), both)
    assert (masks.keep, masks.neutral) == (0b1111_0011, 0b0000_1100)


@pytest.mark.parametrize(
    ("words", "readable", "writable"),
    [
        ("rw ro", True, True),
        ("ro rc", True, False),
        ("wo wo1s", False, True),
        ("wo ro", True, True),
        ("w1 wo", False, True),
        ("rw1 ro", True, True),
    ],
)
def test_a_register_allows_what_any_of_its_fields_does(
    words: str, readable: bool, writable: bool
) -> None:
    no_read, no_write = register_refusals(register_of("ro"), fields_of("AB......", *words.split()))
    assert (not no_read, not no_write) == (readable, writable)
    assert no_read in {"", "it is write-only"}
    assert no_write in {"", "it is read-only"}


def test_a_register_without_fields_is_as_its_own_word() -> None:
    assert register_refusals(register_of("wo"), ()) == ("it is write-only", "")
    assert register_refusals(register_of("ro"), ()) == ("", "it is read-only")
    assert register_refusals(register_of("rw"), ()) == ("", "")


def test_side_effects_are_named() -> None:
    fields = fields_of("AB......", "rc", "rwrs")
    assert side_effect(register_of(), fields) == "A: a read clears it; B: a read sets it"
    assert side_effect(register_of("rc"), ()) == "a read clears it"
    assert side_effect(register_of("rc"), fields_of("A.......", "rw")) == "a read clears it"
    assert side_effect(register_of(), fields_of("A.......", "rw")) == ""


# words of A and B; why A cannot be read as an attribute, and why it cannot be written so
REFUSALS = [
    ("rw rw", "", ""),
    ("rw rw1c", "", ""),
    ("ro rw", "", "read-only"),
    ("wo rw", "write-only", ""),
    ("w1 rw", "write-only", ""),
    ("rw wo", "", "B is write-only and would be guessed"),
    ("rw rw1", "", "B can be written only once"),
    ("rw rwc", "", "any write to B clears it"),
    ("rw wos", "", "any write to B sets it"),
    ("rw1c wo", "", "B is write-only"),
    ("rw rc", "B: a read clears it", "must be read first"),
    ("rc rw", "A: a read clears it", "read-only"),
    ("rw1c rc", "B: a read clears it", ""),
    ("rwrc ro", "A: a read clears it", "must be read first"),
]


@pytest.mark.parametrize(("words", "read", "write"), REFUSALS)
def test_refusals_say_why(words: str, read: str, write: str) -> None:
    fields = fields_of("AABB....", *words.split())
    masks = write_masks(register_of(), fields)
    effect = side_effect(register_of(), fields)
    no_read, no_write = field_refusals(fields[0], masks, effect)
    assert bool(no_read) is bool(read)
    assert read in no_read
    assert bool(no_write) is bool(write)
    assert write in no_write


def test_a_field_that_is_alone_can_be_written_whatever_it_is() -> None:
    for word, triple in ACCESS_SHORTHANDS.items():
        fields = fields_of("AAAAAAAA", word)
        masks = write_masks(register_of(), fields)
        _, no_write = field_refusals(fields[0], masks, side_effect(register_of(), fields))
        assert (no_write == "") is triple.access.writable


# ---- the action table itself: one row an action ------------------------------------------------

# action: the stored bit after 0 over 0, 0 over 1, 1 over 0, 1 over 1 (written over stored)
ACTIONS = {
    "modify": (0, 0, 1, 1, None, None, None),
    "oneToClear": (0, 1, 0, 0, 1, 0, "clear"),
    "oneToSet": (0, 1, 1, 1, 1, 0, "set"),
    "oneToToggle": (0, 1, 1, 0, 1, 0, "toggle"),
    "zeroToClear": (0, 0, 0, 1, 0, 1, "clear"),
    "zeroToSet": (1, 1, 0, 1, 0, 1, "set"),
    "zeroToToggle": (1, 0, 0, 1, 0, 1, "toggle"),
    "clear": (0, 0, 0, 0, None, None, "clear"),
    "set": (1, 1, 1, 1, None, None, "set"),
}


@pytest.mark.parametrize("action", WriteAction)
def test_each_write_action_is_its_row(action: WriteAction) -> None:
    rule = WRITE_RULES[action]
    after = tuple(rule.after(old, new, 1) for new in (0, 1) for old in (0, 1))
    assert (*after, rule.acting, rule.neutral, rule.does) == ACTIONS[str(action)]
    # Nothing happens outside of the mask, and the neutral value does nothing inside of it.
    assert rule.after(0b1010, 0b1100, 0b0110) & ~0b0110 == 0
    if rule.neutral is not None:
        whole = 0b1111 if rule.neutral else 0
        assert rule.after(0b1010, whole, 0b1111) == 0b1010


def test_each_read_action_is_its_row() -> None:
    def after(action: ReadAction) -> int | None:
        rule = READ_RULES[action].after
        return None if rule is None else rule(0b1010, 0b1111)

    assert {str(action): after(action) for action in ReadAction} == {
        "clear": 0, "set": 0b1111, "modify": None, "modifyExternal": None,
    }  # fmt: skip


def test_a_field_beyond_its_register_is_cut_to_it() -> None:
    fields = (
        Field(name="WIDE", bits=(BitRange(26, 11),)),
        Field(name="OUT", bits=(BitRange(40, 2),)),
    )
    block = Block(name="b", items=(Register(name="R", offset=0, fields=fields),))
    (at,) = lay_out(block).instances["B"].block.members
    assert isinstance(at, RegisterAt)
    register = at.register
    assert [field.bits for field in register.fields] == [((26, 6),), ((31, 1),)]
    assert register.keep == 0xFFFF_FFFF
