"""Large SVD files made to hurt: what is cheap to write and dear to read, by what each tries.

``BOMBS`` maps a name to a function that gives the file's bytes. Small hostile files are in
``tests/data/bad/svd``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

__all__ = ["BOMBS"]

ZERO = "<addressOffset>0</addressOffset>"
BIT = "<bitRange>[0:0]</bitRange>"


def device(peripherals: str) -> bytes:
    head = "<?xml version='1.0' encoding='utf-8'?>\n<device><name>D</name><peripherals>\n"
    return f"{head}{peripherals}</peripherals></device>\n".encode()


def peripheral(name: str, inside: str = "", attribute: str = "") -> str:
    return (
        f"<peripheral{attribute}><name>{name}</name><baseAddress>0x1000</baseAddress>{inside}"
        "</peripheral>\n"
    )


def svd(registers: str | Iterable[str]) -> bytes:
    return device(peripheral("P", f"<registers>{''.join(registers)}</registers>"))


def named(tag: str, name: str, inside: str = "", attribute: str = "", offset: int = 0) -> str:
    where = f"<addressOffset>{offset}</addressOffset>"
    return f"<{tag}{attribute}><name>{name}</name>{where}{inside}</{tag}>\n"


def register(name: str, inside: str = "", attribute: str = "", offset: int = 0) -> str:
    return named("register", name, inside, attribute, offset)


def of(name: str) -> str:
    return f' derivedFrom="{name}"'


def fields(inside: str | Iterable[str]) -> str:
    return f"<fields>{''.join(inside)}</fields>"


def field(name: str, inside: str = "", attribute: str = "", bits: str = BIT) -> str:
    return f"<field{attribute}><name>{name}</name>{bits}{inside}</field>\n"


def enum(values: Iterable[str], name: str = "", attribute: str = "") -> str:
    head = f"<name>{name}</name>" if name else ""
    return f"<enumeratedValues{attribute}>{head}{''.join(values)}</enumeratedValues>"


def value(name: str, number: int | str) -> str:
    return f"<enumeratedValue><name>{name}</name><value>{number}</value></enumeratedValue>\n"


def dim(count: int | str, increment: int | str = 4, index: str = "") -> str:
    names = f"<dimIndex>{index}</dimIndex>" if index else ""
    return f"<dim>{count}</dim><dimIncrement>{increment}</dimIncrement>{names}"


def many(count: int, make: Callable[[int], str]) -> str:
    return "".join(map(make, range(count)))


def nested(depth: int, make: Callable[[int, str], str], inmost: str) -> str:
    text = inmost
    for level in range(depth):
        text = make(level, text)
    return text


def doubling(levels: int) -> str:
    """Clusters of two copies of the one before: 2 ** levels registers by derivation alone."""
    first = named("cluster", "C0", register("R"))
    pair = many(levels, lambda n: named("cluster", f"C{n + 1}", _two(f"C{n}"), offset=1 << 20))
    return first + pair


def _two(name: str) -> str:
    return named("cluster", "A", "", of(name)) + named("cluster", "B", "", of(name), 64)


BOMBS: dict[str, Callable[[], bytes]] = {
    # elements
    "elements 100,000 deep": lambda: b"<device>" * 100_000,
    "elements 100,000 deep, closed": lambda: b"<device>" * 100_000 + b"</device>" * 100_000,
    "elements 200 deep, often": lambda: svd(("<a>" * 200 + "</a>" * 200) * 5_000),
    "clusters 1,000 deep": lambda: svd(
        nested(1_000, lambda n, text: named("cluster", f"C{n}", text), register("R"))
    ),
    "clusters 60 deep": lambda: svd(
        nested(60, lambda n, text: named("cluster", f"C{n}", text), register("R"))
    ),
    "clusters 60 deep, each an array of 2": lambda: svd(
        nested(60, lambda n, text: named("cluster", f"C{n}[%s]", dim(2) + text), register("R"))
    ),
    "empty elements": lambda: svd("<x/>" * 1_000_000),
    "empty registers": lambda: svd("<register/>" * 200_000),
    "empty peripherals": lambda: device("<peripheral/>" * 100_000),
    "elements nobody knows, each another": lambda: svd(many(50_000, lambda n: f"<x{n}/>")),
    "attributes of one element": lambda: svd(
        "<x " + many(100_000, lambda n: f"a{n}='' ") + "/>"
    ),
    "namespaces of one element": lambda: svd(
        "<x " + many(20_000, lambda n: f"xmlns:a{n}='u:{n}' ") + "/>"
    ),
    "namespaces of many elements": lambda: svd(
        many(20_000, lambda n: f"<x xmlns='u:{n}'/>")
    ),
    "an attribute of 9 MB": lambda: svd(f'<x a="{"x" * 9_000_000}"/>'),
    "a tag of 9 MB": lambda: svd(f"<{'x' * 9_000_000}/>"),
    "a text of 30 MB": lambda: svd(f"<x>{'x' * 30_000_000}</x>"),
    "a text that never ends": lambda: b"<device><name>" + b"n" * 20_000_000,
    "blanks before the root": lambda: b" " * 30_000_000 + b"<device/>",
    "blanks inside the root": lambda: b"<device>" + b"\n" * 30_000_000 + b"</device>",
    "comments": lambda: svd("<!-- x -->" * 1_000_000),
    "a comment of 30 MB": lambda: svd(f"<!--{'x' * 30_000_000}-->"),
    "comments before the root": lambda: b"<!-- x -->" * 1_000_000 + b"<device/>",
    "processing instructions": lambda: svd("<?x y?>" * 1_000_000),
    "character references": lambda: svd(f"<x>{'&#65;' * 1_000_000}</x>"),
    "opened CDATA": lambda: svd("<![CDATA[" * 1_000_000),
    "ampersands": lambda: svd("&" * 1_000_000),
    "angle brackets": lambda: b"<" * 5_000_000,
    "NULs": lambda: bytes(30_000_000),
    "noise": lambda: b"<device>" + bytes(range(256)) * 100_000,
    "one byte too large": lambda: b"<device>" + b" " * (64 << 20),
    "largest, in UTF-16": lambda: (
        ("\ufeff<device>" + " " * (31 << 20) + "</device>").encode("utf-16-le")
    ),
    # names and texts
    "a name of a megabyte": lambda: svd(register("N" * 1_000_000) + register("N" * 1_000_000)),
    "names of 10 kB": lambda: svd(many(1_000, lambda n: register("N" * 10_000))),
    "a peripheral's name of a megabyte": lambda: device(peripheral("N" * 1_000_000)),
    "an affix of a megabyte": lambda: device(
        peripheral(
            "P",
            f"<prependToName>{'x' * 1_000_000}</prependToName>"
            f"<registers>{many(1_000, lambda n: register(f'R{n}'))}</registers>",
        )
    ),
    "a name of placeholders": lambda: svd(register("%s" * 300_000, dim(1_000))),
    "a long name, often by dim": lambda: svd(register("N" * 100_000 + "%s", dim(10_000))),
    "a derivedFrom of a megabyte": lambda: svd(register("R", "", of("a." * 500_000))),
    "a number of a megabyte": lambda: svd(
        register("R", f"<resetValue>0x{'f' * 1_000_000}</resetValue>")
    ),
    "a decimal number of a megabyte": lambda: svd(
        register("R", f"<resetValue>{'9' * 1_000_000}</resetValue>")
    ),
    "a bit range of a megabyte": lambda: svd(
        register("R", fields(field("F", bits=f"<bitRange>[{'1' * 1_000_000}:0]</bitRange>")))
    ),
    "a word of a megabyte": lambda: svd(register("R", f"<access>{'read' * 250_000}</access>")),
    "a description of blanks": lambda: svd(
        register("R", f"<description>{' x' * 4_000_000}</description>")
    ),
    "don't-care bits of a megabyte": lambda: svd(
        register("R", fields(field("F", enum([value("A", f"#{'x' * 1_000_000}")]))))
    ),
    # the same again and again
    "100,000 registers": lambda: svd(many(100_000, lambda n: register(f"R{n}", offset=4 * n))),
    "100,000 registers of one name": lambda: svd(many(100_000, lambda n: register("R"))),
    "100,000 registers without a name": lambda: svd("<register/>\n" * 100_000),
    "100,000 registers of odd words": lambda: svd(
        many(50_000, lambda n: register(f"R{n}", f"<access>read{n}</access>"))
    ),
    "100,000 registers of odd numbers": lambda: svd(
        many(50_000, lambda n: register(f"R{n}", f"<size>{n}x</size>"))
    ),
    "names that meet those of arrays": lambda: svd(
        many(20_000, lambda n: register("R%s", dim(3)) + register(f"R{n}"))
    ),
    "numbered names that meet": lambda: svd(
        many(30_000, lambda n: register("R") + register(f"R_{n}"))
    ),
    "50,000 fields of one register": lambda: svd(
        register("R", fields(many(50_000, lambda n: field(f"F{n}"))))
    ),
    "fields of one name": lambda: svd(register("R", fields(field("F") * 50_000))),
    "one line": lambda: svd(many(50_000, lambda n: register(f"R {n}"))).replace(b"\n", b""),
    "problems at the end of one line": lambda: svd(
        "<x/>" * 200_000 + many(300, lambda n: register(f"R{n}", f"<size>{n}x</size>"))
    ).replace(b"\n", b""),
    "peripherals": lambda: device(many(20_000, lambda n: peripheral(f"P{n}"))),
    "peripherals of one name": lambda: device(peripheral("P") * 9_000),
    "interrupts": lambda: device(
        peripheral("P", "<interrupt><name>I</name><value>1</value></interrupt>" * 50_000)
    ),
    "address blocks": lambda: device(
        peripheral(
            "P", "<addressBlock><offset>0</offset><size>4</size></addressBlock>" * 50_000
        )
    ),
    # repetition
    "an array of 1,000,000": lambda: svd(register("R[%s]", dim(1_000_000))),
    "an array of one more": lambda: svd(register("R[%s]", dim(1_000_001))),
    "an array of 100,000,000": lambda: svd(register("R[%s]", dim(100_000_000))),
    "arrays of 1,000 to the fourth": lambda: svd(
        nested(3, lambda n, text: named("cluster", f"C{n}[%s]", dim(1_000) + text),
               register("R[%s]", dim(1_000)))
    ),
    "arrays of 64 to the tenth": lambda: svd(
        nested(10, lambda n, text: named("cluster", f"C{n}[%s]", dim(64) + text), register("R"))
    ),
    "many arrays that are too many together": lambda: svd(
        many(2_000, lambda n: register(f"R{n}[%s]", dim(1_000)))
    ),
    "a million names": lambda: svd(
        register("R%s", dim(1_000_000, index=",".join(map(str, range(1_000_000)))))
    ),
    "a million names of three": lambda: svd(register("R%s", dim(3, index="A," * 1_000_000))),
    "a range of names without end": lambda: svd(
        register("R%s", dim(1_000_000, index="0-999999999999"))
    ),
    "arrays with 1,000 names": lambda: svd(
        many(500, lambda n: register(
            f"R{n}_%s", dim(1_000, index=",".join(f"N{m}" for m in range(1_000)))
        ))
    ),
    "an array of 10,000 peripherals": lambda: device(
        peripheral("P[%s]", dim(10_000, 4096) + f"<registers>{register('R')}</registers>")
    ),
    "an array of 10,001 peripherals": lambda: device(
        peripheral("P[%s]", dim(10_001, 4096) + f"<registers>{register('R')}</registers>")
    ),
    "arrays of fields": lambda: svd(
        many(20_000, lambda n: register(
            f"R{n}", fields(field("F[%s]", "<dim>32</dim><dimIncrement>1</dimIncrement>"))
        ))
    ),
    # derivation
    "100,000 derived registers": lambda: svd(
        register("R", fields(field("F")))
        + many(100_000, lambda n: register(f"R{n}", "", of("R")))
    ),
    "a chain of 20,000": lambda: svd(
        register("R0") + many(20_000, lambda n: register(f"R{n + 1}", "", of(f"R{n}")))
    ),
    "a chain of 20,000, backwards": lambda: svd(
        many(20_000, lambda n: register(f"R{n}", "", of(f"R{n + 1}")))
    ),
    "a circle of 20,000": lambda: svd(
        many(20_000, lambda n: register(f"R{n}", "", of(f"R{(n + 1) % 20_000}")))
    ),
    "chains of peripherals": lambda: device(
        peripheral("P0", f"<registers>{register('R')}</registers>")
        + many(5_000, lambda n: peripheral(f"P{n + 1}", "", of(f"P{n}")))
    ),
    "a chain of fields": lambda: svd(
        register("R", fields(
            field("F0") + many(10_000, lambda n: field(f"F{n + 1}", "", of(f"F{n}"), ""))
        ))
    ),
    "a chain of enums": lambda: svd(
        register("R", fields(
            field("F", enum([value("A", 0)], "E0"))
            + many(10_000, lambda n: field(f"F{n}", enum([], f"E{n + 1}", of(f"E{n}"))))
        ))
    ),
    "derived from nothing, often": lambda: svd(
        many(20_000, lambda n: register(f"R{n}", "", of(f"Q{n}")))
    ),
    "derived from nothing, by paths": lambda: svd(
        many(20_000, lambda n: register(f"R{n}", "", of(f"P.C{n}.R.Q")))
    ),
    "doubled 16 times": lambda: svd(doubling(16)),
    "doubled 24 times": lambda: svd(doubling(24)),
    "doubled 200 times": lambda: svd(doubling(200)),
    "doubled by peripherals": lambda: device(
        peripheral("P", f"<registers>{many(5_000, lambda n: register(f'R{n}'))}</registers>")
        + many(5_000, lambda n: peripheral(
            f"P{n}", f"<registers>{register(f'S{n}')}</registers>", of("P")
        ))
    ),
    "derived registers of many fields": lambda: svd(
        register("R", fields(many(32, lambda n: field(f"F{n}"))))
        + many(8_000, lambda n: register(f"R{n}", fields(field(f"G{n}")), of("R")))
    ),
    "derived fields of many values": lambda: svd(
        register("R", fields(
            field("F", enum([value(f"V{n}", n) for n in range(5_000)]))
            + many(5_000, lambda n: field(f"F{n}", "", of("F")))
        ))
    ),
    # values
    "200,000 values": lambda: svd(
        register("R", fields(field("F", enum(value(f"V{n}", n) for n in range(200_000)),
                                   bits="<bitRange>[31:0]</bitRange>")))
    ),
    "one value too many": lambda: svd(
        register("R", fields(field("F", enum(value(f"V{n}", n) for n in range(200_001)))))
    ),
    "values too many together": lambda: svd(
        many(2_100, lambda n: register(
            f"R{n}", fields(field("F", enum(value(f"V{m}", m) for m in range(100))))
        ))
    ),
    "values of one name": lambda: svd(
        register("R", fields(field("F", enum(value("V", n) for n in range(100_000)))))
    ),
    "values with don't-care bits": lambda: svd(
        register("R", fields(field("F", enum(
            value(f"V{n}", f"#{n:020b}".replace("1", "x", 1 + n % 7)) for n in range(100_000)
        ), bits="<bitRange>[31:0]</bitRange>")))
    ),
    "enums of one name": lambda: svd(
        many(10_000, lambda n: register(
            f"R{n}", fields(field("F", enum([value("A", n)], "E")))
        ))
    ),
}  # fmt: skip
