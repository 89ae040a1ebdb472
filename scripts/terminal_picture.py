#!/usr/bin/env python3
"""Runs a program in a pseudo-terminal, presses keys, and draws what the screen shows.

    terminal_picture.py [--size 100x30] [--step SECONDS|KEYS[|NAME]]... OUT-DIR -- PROGRAM ARGUMENT...

Each step waits, sends KEYS (Python escapes: '\\x1b[C' is the right arrow), waits a little, and, if it has a NAME, writes
OUT-DIR/NAME.svg and .txt. At the end the exit code, what the program wrote behind the end of its other screen, and the
CPU seconds that it took are printed. Needs pyte (pip install pyte).
"""
import argparse, codecs, fcntl, os, pty, resource, select, struct, sys, termios, time
import pyte

parser = argparse.ArgumentParser()
parser.add_argument("--size", default="100x30")
parser.add_argument("--step", action="append", default=[])
parser.add_argument("out")
parser.add_argument("command", nargs="+")
args = parser.parse_args()
width, height = map(int, args.size.split("x"))
os.makedirs(args.out, exist_ok=True)
screen = pyte.Screen(width, height)
stream = pyte.ByteStream(screen)
pid, fd = pty.fork()
if pid == 0:
    # The size is there before the program is.
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    os.environ["TERM"] = "xterm-256color"
    os.execvp(args.command[0], args.command)
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
before = termios.tcgetattr(fd)[3]
raw = b""


def listen(seconds):
    """Takes in what the program writes; false when it has ended."""
    global raw
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if select.select([fd], [], [], left)[0]:
            try:
                data = os.read(fd, 65536)
            except OSError:
                return False
            if not data:
                return False
            raw += data
            stream.feed(data)
    return True


COLOURS = {"default": "#d8d8d8", "cyan": "#56c8d8", "brown": "#e5c07b", "yellow": "#e5c07b", "green": "#7ec16e", "red": "#e06c75"}
# As pyte names those of the palette.
COLOURS |= {"cd0000": "#e06c75", "00cd00": "#7ec16e", "cdcd00": "#e5c07b", "00cdcd": "#56c8d8"}


def draw(name):
    """The screen as SVG and as text."""
    w, h = 8.4, 17
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * w + 16:.0f}" height="{height * h + 16}" '
        f'font-family="DejaVu Sans Mono, monospace" font-size="14">',
        '<rect width="100%" height="100%" rx="6" fill="#1b1d23"/>',
    ]
    lines = []
    for y in range(height):
        row = screen.buffer[y]
        lines.append("".join(row[x].data for x in range(width)).rstrip())
        x = 0
        while x < width:
            cell = row[x]
            n = x + 1
            look = (cell.fg, cell.bold, cell.reverse)
            while n < width and (row[n].fg, row[n].bold, row[n].reverse) == look:
                n += 1
            text = "".join(row[i].data for i in range(x, n))
            if cell.reverse:
                parts.append(f'<rect x="{8 + x * w:.1f}" y="{9 + y * h}" width="{(n - x) * w:.1f}" height="{h}" fill="#4a5060"/>')
            for i, c in enumerate(text):
                if c == " ":
                    continue
                c = c.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
                bold = ' font-weight="bold"' if cell.bold else ""
                faint = ' opacity="0.8"' if "⠀" <= c <= "⣿" else ""
                parts.append(f'<text x="{8 + (x + i) * w:.1f}" y="{22 + y * h}" fill="{COLOURS.get(cell.fg, "#d8d8d8")}"{bold}{faint}>{c}</text>')
            x = n
    parts.append("</svg>")
    with open(os.path.join(args.out, name + ".svg"), "w") as f:
        f.write("\n".join(parts))
    with open(os.path.join(args.out, name + ".txt"), "w") as f:
        f.write("\n".join(lines) + "\n")


alive = True
for step in args.step:
    wait, keys, *name = step.split("|")
    alive = alive and listen(float(wait))
    keys = codecs.decode(keys, "unicode_escape").encode()
    if keys and alive:
        os.write(fd, keys)
    alive = alive and listen(0.35)
    if name:
        draw(name[0])
while alive and listen(1.0):
    pass
_, status = os.waitpid(pid, 0)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
behind = raw.rsplit(b"\x1b[?1049l", 1)[-1].decode(errors="replace")
print("exit", os.waitstatus_to_exitcode(status), "cpu %.2f s" % (used.ru_utime + used.ru_stime))
for name, on, off in (("screen", b"1049h", b"1049l"), ("paste", b"2004h", b"2004l"), ("mouse", b"1006h", b"1006l"), ("cursor", b"25l", b"25h")):
    print(name, "taken", raw.count(b"\x1b[?" + on), "given back", raw.count(b"\x1b[?" + off))
print("behind it:", behind.strip())
