"""Plots in SVG: lines over log-log axes, that can be read on a light and on a dark page."""
import math
from html import escape

WIDTH, HEIGHT = 860, 500
LEFT, RIGHT, TOP, BOTTOM = 80, 170, 50, 60
# Grey and hues that stand out from white as from black
INK, GRID = "#7d8590", "#7d859055"
HUES = ["#2f81f7", "#d4842a", "#2da44e", "#e5534b", "#a371f7", "#1b9e9e"]
MARKS = ["circle", "square", "diamond", "triangle", "cross", "ring"]


def plot(title, x_title, y_title, x_ticks, y_ticks, series):
    """Returns a plot of lines, each a name and its points. Ticks are values with their labels; the axes reach from the first to the last."""
    low_x, high_x, low_y, high_y = (math.log(value) for value in (x_ticks[0][0], x_ticks[-1][0], y_ticks[0][0], y_ticks[-1][0]))
    across, down = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def at(x, y):
        return (
            round(LEFT + across * (math.log(x) - low_x) / (high_x - low_x), 1),
            round(TOP + down * (high_y - math.log(y)) / (high_y - low_y), 1),
        )

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="13" fill="{INK}">',
        f"<title>{escape(title)}</title>",
        f'<text x="{LEFT}" y="26" font-size="16" font-weight="600">{escape(title)}</text>',
    ]
    floor, right = TOP + down, LEFT + across
    for value, name in x_ticks:
        x, _ = at(value, y_ticks[0][0])
        out.append(f'<path d="M{x} {TOP}V{floor}" stroke="{GRID}"/><text x="{x}" y="{floor + 20}" text-anchor="middle">{escape(name)}</text>')
    for value, name in y_ticks:
        _, y = at(x_ticks[0][0], value)
        out.append(f'<path d="M{LEFT} {y}H{right}" stroke="{GRID}"/><text x="{LEFT - 8}" y="{y + 4.5}" text-anchor="end">{escape(name)}</text>')
    out.append(f'<text x="{LEFT + across / 2}" y="{HEIGHT - 14}" text-anchor="middle">{escape(x_title)}</text>')
    middle = TOP + down / 2
    out.append(f'<text x="18" y="{middle}" text-anchor="middle" transform="rotate(-90 18 {middle})">{escape(y_title)}</text>')
    for number, (name, points) in enumerate(series.items()):
        hue, mark = HUES[number % len(HUES)], MARKS[number % len(MARKS)]
        places = [at(x, y) for x, y in points]
        path = "L".join(f"{x} {y}" for x, y in places)
        out.append(f'<path d="M{path}" fill="none" stroke="{hue}" stroke-width="2" stroke-linejoin="round"/>')
        out += [draw(mark, x, y, hue) for x, y in places]
        y = TOP + 10 + 24 * number
        out.append(f'<path d="M{right + 16} {y}h24" stroke="{hue}" stroke-width="2"/>' + draw(mark, right + 28, y, hue))
        out.append(f'<text x="{right + 48}" y="{y + 4.5}">{escape(name)}</text>')
    return "\n".join([*out, "</svg>\n"])


def draw(mark, x, y, hue):
    """Returns a mark around a point: lines are told apart without colours, too."""
    match mark:
        case "circle":
            return f'<circle cx="{x}" cy="{y}" r="4" fill="{hue}"/>'
        case "square":
            return f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" fill="{hue}"/>'
        case "diamond":
            return f'<path d="M{x} {y - 5:.1f}l5 5l-5 5l-5-5z" fill="{hue}"/>'
        case "triangle":
            return f'<path d="M{x} {y - 5:.1f}l5 9h-10z" fill="{hue}"/>'
        case "cross":
            return f'<path d="M{x - 4:.1f} {y - 4:.1f}l8 8m0-8l-8 8" stroke="{hue}" stroke-width="2.5"/>'
        case _:
            return f'<circle cx="{x}" cy="{y}" r="3.5" fill="none" stroke="{hue}" stroke-width="2"/>'
