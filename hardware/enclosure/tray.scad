// The light's tray under the disc: one RGB LED from below, or a ring of 16 pixels (44.5 mm) on its
// floor. Print it as it is, in white.
include <shapes.scad>

module tray() {
  outer = light + 2 * light_rim - 2 * play;
  difference() {
    union() {
      cylinder(d = outer, h = tray_high, $fn = 96);
      for (a = [0 : 120 : 240]) rotate(a) hull() {
        translate([tray_screws, 0]) cylinder(d = 8, h = tray_tab, $fn = 32);
        translate([outer / 2 - 4, 0]) cylinder(d = 8, h = tray_tab, $fn = 32);
      }
    }
    translate([0, 0, 2]) difference() {
      cylinder(d = outer - 2 * 1.2, h = tray_high, $fn = 96);
      cylinder(d = tray_tube + 2 * tray_wall, h = tray_high, $fn = 72);
    }
    translate([0, 0, -1]) cylinder(d = tray_tube, h = tray_high + 2, $fn = 72);
    for (a = [0 : 120 : 240]) rotate(a) translate([tray_screws, 0, -1]) cylinder(d = m25_free, h = 10, $fn = 20);
    translate([0, -(tray_tube / 2 + tray_wall + outer / 2) / 2, -1]) cylinder(d = led_hole, h = 10, $fn = 32);
    rotate(180) translate([0, -outer / 2 + 6, -1]) linear_extrude(10) slot(6, 3); // the ring's wires
  }
}

tray();
