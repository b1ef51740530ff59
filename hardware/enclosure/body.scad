// The body: a tube with the loudspeaker's opening in front, vents and the cable's notch behind.
// Print it standing, as it is.
include <shapes.scad>

// Stands on z = 0 in each corner and grows out of the wall at 45 degrees where it ends.
module corner_boss(high) {
  intersection() {
    at_bosses() hull() {
      cylinder(d = boss, h = high, $fn = 32);
      cylinder(d = 1, h = high + boss * 1.6, $fn = 12);
    }
    linear_extrude(height) outline(1);
  }
  // fill up what is between the boss and the corner
  intersection() {
    linear_extrude(high + 0.01) difference() { outline(1); square([2 * boss_at[0], height], center = true); square([width, 2 * boss_at[1]], center = true); }
    linear_extrude(height) outline(1);
  }
}

module front_cut(across, from, deep, fn = 96) {
  translate([0, -depth / 2 + from, driver_z]) rotate([-90, 0, 0])
    translate([0, 0, -0.01]) cylinder(d = across, h = deep + 0.02, $fn = fn);
}

module body() {
  difference() {
    union() {
      linear_extrude(height) difference() { outline(); outline(wall); }
      corner_boss(14);
      translate([0, 0, height - pad]) mirror([0, 0, 1]) corner_boss(tab);
    }
    // the loudspeaker and the grille before it
    front_cut(cone, 0, wall);
    front_cut(grille_across + 2 * play, 0, grille_sunk);
    translate([0, -depth / 2 - 0.01, driver_z]) rotate([-90, 0, 0])
      at_driver_screws() cylinder(d = post + 2 * play, h = wall + 0.02, $fn = 24);
    // screws: the base from below, the top from inside
    at_bosses() {
      translate([0, 0, -0.01]) cylinder(d = m3_pilot, h = 13, $fn = 16);
      translate([0, 0, height - pad - tab - 0.01]) cylinder(d = m3_free, h = tab + 1, $fn = 20);
      translate([0, 0, height - pad - tab - 40]) cylinder(d = m3_head, h = 40, $fn = 24);
    }
    // warm air leaves through the back; the cable's plug goes through the notch before the base is on
    for (x = [-30 : 6 : 30]) translate([x, depth / 2 + 1, 84]) rotate([90, 0, 0])
      linear_extrude(wall + 2) slot(44, 2.4);
    translate([0, depth / 2, 0]) cube([15, 3 * wall, 18], center = true);
  }
}

body();
