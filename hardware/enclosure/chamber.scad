// The closed chamber behind the loudspeaker: it clamps the flange to the body, and keeps the sound
// out of the microphone's way. Print it on its closed end, as it is.
include <shapes.scad>

module chamber() {
  inside = driver - 4;
  tube = inside + 2 * chamber_wall;
  flange = grille_across;
  difference() {
    union() {
      cylinder(d = tube, h = chamber_deep, $fn = 72);
      translate([0, 0, chamber_deep - chamber_flange]) cylinder(d = flange, h = chamber_flange, $fn = 72);
      translate([0, 0, chamber_deep - chamber_flange - (flange - tube) / 2]) // no overhang
        cylinder(d1 = tube, d2 = flange, h = (flange - tube) / 2, $fn = 72);
    }
    translate([0, 0, chamber_wall]) cylinder(d = inside, h = chamber_deep, $fn = 72);
    // the flange of the loudspeaker, pressed a little
    translate([0, 0, chamber_deep - driver_flange + 0.4]) cylinder(d = driver + 1, h = 10, $fn = 72);
    at_driver_screws() {
      cylinder(d = m3_free, h = chamber_deep + 1, $fn = 20);
      translate([0, 0, chamber_deep - post_into_chamber]) cylinder(d = post + 2 * play, h = 10, $fn = 24);
      translate([0, 0, -1]) cylinder(d = m3_head + 0.6, h = chamber_deep - chamber_flange + 1, $fn = 24);
    }
    // the two wires; close it with hot glue
    translate([0, 0, 12]) rotate([-90, 0, 0]) cylinder(d = 4, h = tube, $fn = 16);
  }
}

chamber();
