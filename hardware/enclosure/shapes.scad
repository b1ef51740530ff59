// Shapes that several parts use.
include <parameters.scad>

$fn = 64;

module outline(inset = 0) {
  offset(r = corner - inset) square([width - 2 * corner, depth - 2 * corner], center = true);
}

// The outline as a plate from z = 0 up, its upper edge rounded.
module rounded_plate(thick, round) {
  hull() {
    linear_extrude(thick - round) outline();
    for (a = [15 : 15 : 90]) translate([0, 0, thick - round * (1 - sin(a)) - 0.01])
      linear_extrude(0.01) outline(round * (1 - cos(a)));
  }
}

// What reaches into the body, so that a plate cannot slip.
module inner_lip() {
  difference() {
    outline(wall + play);
    outline(wall + play + lip_wall);
    at_bosses() circle(d = boss + 2 * play + 1);
    for (x = [-1, 1], y = [-1, 1]) // and the corner behind each
      translate([x * width / 2, y * depth / 2]) square(2 * (width / 2 - boss_at[0] + play), center = true);
  }
}

module at_bosses() { for (x = [-1, 1], y = [-1, 1]) translate([x * boss_at[0], y * boss_at[1]]) children(); }

module at_pi_holes() { for (i = [0 : 3]) translate(pi_hole(i)) children(); }

module at_driver_screws() { for (a = [45 : 90 : 315]) rotate(a) translate([screw_circle, 0]) children(); }

module slot(length, across) {
  hull() for (s = [-1, 1]) translate([0, s * (length - across) / 2]) circle(d = across, $fn = 16);
}
