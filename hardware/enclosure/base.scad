// The base: carries the Pi of the bare build, and stands on four rubber feet that are stuck to it.
// Print it as it is.
include <shapes.scad>

module base() {
  difference() {
    union() {
      translate([0, 0, -base_thick]) linear_extrude(base_thick) outline(1);
      linear_extrude(lip) inner_lip();
      at_pi_holes() cylinder(d1 = 9, d2 = 6.5, h = pi_standoff, $fn = 32);
    }
    at_bosses() translate([0, 0, -base_thick - 1]) {
      cylinder(d = m3_free, h = base_thick + 2, $fn = 20);
      translate([0, 0, 0.99]) cylinder(d1 = m3_head, d2 = m3_free, h = (m3_head - m3_free) / 2, $fn = 24);
    }
    at_pi_holes() translate([0, 0, -base_thick + 1]) cylinder(d = m25_pilot, h = 20, $fn = 16);
    // air for the Pi
    for (x = [-24 : 6 : 30]) translate([x, pi_front + pi_size[1] / 2, -base_thick - 1])
      linear_extrude(base_thick + 2) slot(36, 2.6);
    // a cable tie holds the cable
    for (x = [-6, 6]) translate([x, depth / 2 - 16, -base_thick - 1]) linear_extrude(base_thick + 2) slot(6, 2.4);
    // where the rubber feet go, 12 mm across
    for (x = [-1, 1], y = [-1, 1]) translate([x * (boss_at[0] - 12), y * (boss_at[1] - 0), -base_thick - 0.01])
      cylinder(d = 12.6, h = 1, $fn = 48);
  }
}

base();
