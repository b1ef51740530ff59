// The glowing disc that carries the talk button. Print it turned over,
// face down, in white: clear would show the LED as a point.
include <shapes.scad>

module diffuser() {
  difference() {
    union() {
      // sloping, so that it prints face down without supports
      cylinder(d1 = light + 2 * light_rim, d2 = light + 2 * play, h = light_thick - 1 - play, $fn = 96);
      cylinder(d = light, h = top_thick, $fn = 96);
    }
    translate([0, 0, -1]) cylinder(d = talk_hole, h = 10, $fn = 48);
    // thinner where it glows
    translate([0, 0, -0.01]) difference() {
      cylinder(d = light - 2, h = top_thick - 1.6, $fn = 96);
      translate([0, 0, -1]) cylinder(d = tray_tube + 2 * tray_wall + 2, h = 10, $fn = 72);
    }
  }
}

diffuser();
