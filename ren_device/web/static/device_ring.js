"use strict";
// The lights, as a ring of as many pieces as there are pixels.

const SVG = "http://www.w3.org/2000/svg";
const MIDDLE = 160;
const RADIUS = 124;
const GAP = 0.11; // radians between two pieces

/** The outline of one piece; the first begins at the top. */
function piece(index, count) {
  if (count === 1) {
    const [top, bottom] = [MIDDLE - RADIUS, MIDDLE + RADIUS];
    const half = (end) => `A${RADIUS} ${RADIUS} 0 0 1 ${MIDDLE} ${end}`;
    return `M${MIDDLE} ${top}${half(bottom)}${half(top)}`;
  }
  const gap = Math.min(GAP, Math.PI / count);
  const point = (angle) =>
    `${(MIDDLE + RADIUS * Math.sin(angle)).toFixed(2)} ${(MIDDLE - RADIUS * Math.cos(angle)).toFixed(2)}`;
  const [begin, end] = [index, index + 1].map((each) => ((each - 0.5) * 2 * Math.PI) / count);
  return `M${point(begin + gap / 2)}A${RADIUS} ${RADIUS} 0 0 1 ${point(end - gap / 2)}`;
}

/** Shows these colours, "#rrggbb" each. */
function shine(colours, groups) {
  for (const group of groups) {
    if (group.childElementCount !== colours.length) {
      group.replaceChildren(
        ...colours.map((_, index) => {
          const path = document.createElementNS(SVG, "path");
          path.setAttribute("d", piece(index, colours.length));
          return path;
        }),
      );
    }
    colours.forEach((colour, index) => group.children[index].setAttribute("stroke", colour));
  }
}
