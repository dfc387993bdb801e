"""What an SVD file cannot hold, kept beside it in ``vendorExtensions``, for an exact return.

The written device is read back as any reader sees it, and compared with the model. Where a block,
or what is said around the blocks, does not come back as it was, its text in the map language goes
into an element ``regmap``::

    <regmap version="1" kind="board" sha256="...">
      <unsaid>GPIO: views, access-widths</unsaid>     one for each place, for people
      <rest>...</rest>                                the file without its blocks
      <block name="bcm2835_gpio" registers="GPIO">    without ``registers``, the block is all there;
        ...                                           with it, its registers and enums are those of
      </block>                                        the peripheral of that name
    </regmap>

The hash is over the canonical XML of everything else in the device. A file in which anything was
changed afterwards is a plain SVD again: the change counts, not what was kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from lxml import etree

from regmap.model.block import Block
from regmap.model.chip import Board, Chip
from regmap.writers.mapping import of_block, of_chip
from regmap.writers.plain import refuse
from regmap.writers.svd_same import Same
from regmap.writers.svd_text import fit, put
from regmap.writers.svd_unsaid import unsaid_of_block, unsaid_of_chip
from regmap.writers.yaml import as_yaml

__all__ = ["ELEMENT", "MOST_TEXT", "MOST_TEXTS", "VERSION", "digest_of", "kind_of", "rest_of"]

ELEMENT = "regmap"
VERSION = "1"
# Bytes of one text, as of a file of the map language, and of all texts of one SVD file.
MOST_TEXT = 4 << 20
MOST_TEXTS = 16 << 20

_BODY = frozenset({"items", "enums", "windows", "views"})


def digest_of(device: Any) -> str:
    """The SHA-256 over a device without its vendorExtensions, indentation aside."""
    digest = hashlib.sha256(str(device.get("schemaVersion")).encode())
    for child in device:
        if child.tag != "vendorExtensions":
            digest.update(
                etree.tostring(child, method="c14n", with_comments=False, with_tail=False)
            )
    return digest.hexdigest()


def kind_of(model: Block | Chip) -> str:
    """The key that a file of this model begins with."""
    return "block" if isinstance(model, Block) else "board" if isinstance(model, Board) else "chip"


def rest_of(model: Block | Chip, chip: Chip, plain: Chip | None) -> Any | None:
    """The element ``regmap`` for a model, None where ``plain``, what the device reads as, is the
    model; ``chip`` is the model, or the chip around it.

    Raises MapError for what the map language cannot hold either.
    """
    element = etree.Element(ELEMENT)
    element.set("version", VERSION)
    element.set("kind", kind_of(model))
    same = Same()
    # Instances and peripherals go together by their order.
    theirs = plain.instances if plain is not None else ()
    if len(theirs) != len(chip.instances):
        theirs = ()
    unsaid: dict[str, list[str]] = {}
    blocks: list[Any] = []
    seen: dict[str, Block] = {}
    around = _is_same_around(model, plain, same)
    for number, instance in enumerate(chip.instances):
        own = instance.block
        other = theirs[number].block if theirs else None
        known = seen.setdefault(own.name, own)
        if known is not own:
            # `of_chip` refuses two different blocks of one name, in its own words.
            around = around and known == own
            continue
        kept = _block(own, other, theirs[number].name if theirs else "", same)
        if kept is not None:
            blocks.append(kept)
            unsaid[own.name] = unsaid_of_block(own)
    if around and not blocks:
        return None
    rest = None
    if not isinstance(model, Block) and not around:
        rest = of_chip(chip)
        rest.pop("blocks", None)
        unsaid = {chip.name: unsaid_of_chip(chip), **unsaid}
    for name, words in unsaid.items():
        put(element, "unsaid", f"{name}: {', '.join(words)}")
    if rest is not None:
        put(element, "rest", _framed(as_yaml(rest)))
    element.extend(blocks)
    _check_size(element, model)
    return element


def _check_size(element: Any, model: Block | Chip) -> None:
    sizes = [len(each.text.encode()) for each in element.iterchildren("rest", "block")]
    for size, most in ((max(sizes), MOST_TEXT), (sum(sizes), MOST_TEXTS)):
        if size > most:
            text = f"what SVD cannot say of {model.name!a} takes more than {most:,} bytes"
            fix = "export its blocks one by one, or as YAML"
            raise refuse(text, model.place, fix)


def _is_same_around(model: Block | Chip, plain: Chip | None, same: Same) -> bool:
    """Whether all but the blocks comes back. (The texts of a block are the block's matter, its name
    the instance's.)"""
    if plain is None or type(model) is not Chip:
        return False
    if not same.of(model, plain, aside=frozenset({"instances"})):
        return False
    if len(model.instances) != len(plain.instances):
        return False
    return all(
        own.block.name == other.block.name and same.of(own, other, aside=frozenset({"block"}))
        for own, other in zip(model.instances, plain.instances, strict=True)
    )


def _block(own: Block, other: Block | None, peripheral: str, same: Same) -> Any | None:
    """The element of a block that does not come back as it was, None for one that does."""
    element = etree.Element("block")
    element.set("name", fit(own.name))
    comes_back = (
        other is not None
        and not own.windows
        and not own.views
        and same.of(own.items, other.items)
        and same.of(own.enums, other.enums)
    )
    if comes_back:
        if same.of(own, other, aside=_BODY):
            return None
        own = replace(own, items=(), enums=())
        element.set("registers", peripheral)
    element.text = _framed(as_yaml(of_block(own)))
    return element


def _framed(text: str) -> str:
    """The text on lines of its own, its end tag where the others are."""
    return f"\n{text}      "
