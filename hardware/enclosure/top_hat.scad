// The top for a HAT of 65 x 30 mm (ReSpeaker 2-Mics, Voice Bonnet): the Pi hangs below it, and the
// HAT's own microphones, lights and button are in the window. Print it
// turned over, face down.
include <shapes.scad>

module hat_plate() {
  difference() {
    union() {
      translate([0, 0, height]) rounded_plate(top_thick, 2.5);
      translate([0, 0, height - lip]) linear_extrude(lip + 0.01) inner_lip();
      at_bosses() translate([0, 0, height - pad + play]) cylinder(d = boss - 1, h = pad, $fn = 32);
      // the Pi's pillars: short ones press on the HAT, long ones on the Pi
      for (i = [0 : 3]) translate([pi_hole(i)[0], pi_hole(i)[1], 0]) {
        long = hat_gap + (i < 2 ? 0 : hat_stack);
        translate([0, 0, height - long]) cylinder(d = 6, h = long + 0.01, $fn = 32);
      }
    }
    at_bosses() translate([0, 0, height - pad - 1]) cylinder(d = m3_pilot, h = pad + 3, $fn = 16);
    at_pi_holes() translate([0, 0, height - 20]) cylinder(d = m25_pilot, h = 20 + top_thick - 1.2, $fn = 16);
  }
}

// The HAT but for its corners, where the pillars are; its edge slopes outwards.
module window() {
  middle = [pi_right - hat_size[0] / 2, pi_front + hat_size[1] / 2];
  for (size = [[hat_size[0] - 16, hat_size[1]], [hat_size[0], hat_size[1] - 14]])
    translate([middle[0], middle[1], height]) hull() {
      translate([0, 0, -1]) linear_extrude(1) offset(2, $fn = 24) square(size - [5, 5], center = true);
      translate([0, 0, top_thick - 0.01]) linear_extrude(1) offset(2, $fn = 24) square(size - [2, 2], center = true);
    }
}

difference() {
  hat_plate();
  window();
}
