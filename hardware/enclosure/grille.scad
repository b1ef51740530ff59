// The grille, and the four posts that the loudspeaker's chamber is screwed to.
// Print it face down.
include <shapes.scad>

hole = 2.4;
spread = 2.15; // how far apart the holes are: each lies a golden angle further than the last
golden = 137.508;

// Holes before the cone; around it, where the body is behind them, shallow ones for the eye.
module dots(from, to) {
  for (i = [floor(pow(from / spread, 2)) : floor(pow(to / spread, 2))])
    if (spread * sqrt(i) >= from && spread * sqrt(i) < to)
      rotate(i * golden) translate([spread * sqrt(i), 0]) circle(d = hole, $fn = 6);
}

module grille() {
  round = 0.8;
  difference() {
    union() {
      cylinder(d1 = grille_across - 2 * round, d2 = grille_across, h = round, $fn = 96);
      translate([0, 0, round]) cylinder(d = grille_across, h = grille_thick - round, $fn = 96);
      at_driver_screws()
        cylinder(d = post, h = grille_thick + wall - grille_sunk + post_into_chamber - 0.5, $fn = 24);
    }
    translate([0, 0, -1]) linear_extrude(grille_thick + 2) dots(0, cone / 2 - 1);
    translate([0, 0, -1]) linear_extrude(1.6) dots(cone / 2 - 1, grille_across / 2 - 2.5);
    at_driver_screws() translate([0, 0, 1]) cylinder(d = m3_pilot, h = 20, $fn = 16);
  }
}

grille();
