// What is bought, roughly as it looks: for the pictures only, nothing is measured by it.
include <shapes.scad>

board = [0.10, 0.42, 0.26];
hat_board = [0.16, 0.24, 0.45];
metal = [0.78, 0.79, 0.80];
black = [0.15, 0.15, 0.16];
gold = [0.85, 0.68, 0.25];

// Lies as the enclosure wants it: z = 0 is the Pi's lower side.
module pi() {
  color(board) difference() {
    translate([pi_right - pi_size[0], pi_front, 0]) linear_extrude(pi_thick)
      translate([3, 3]) offset(3, $fn = 24) square(pi_size - [6, 6]);
    at_pi_holes() translate([0, 0, -1]) cylinder(d = 2.7, h = 4, $fn = 20);
  }
  translate([pi_right, pi_front, pi_thick]) mirror([1, 0, 0]) {
    color(black) translate([7.1, 1, 0]) cube([50.8, 5, 2.5]);
    color(gold) for (i = [0 : 19], j = [0, 1]) translate([8.1 + 2.54 * i, 2 + 2.54 * j, 2]) cube([0.6, 0.6, 6]);
    color(metal) for (y = [2.5, 20.5]) translate([71, y, 0]) cube([17, 14.5, 15.5]);
    color(metal) translate([67, 38.5, 0]) cube([21, 15.5, 13.5]);
    color(metal) translate([7, 49.5, 0]) cube([9, 7.5, 3.2]);
    color(metal) for (x = [23, 36.5]) translate([x, 50, 0]) cube([6.5, 7, 3]);
    color(black) translate([22, 22, 0]) cube([15, 15, 2]);
    color(black) translate([42, 24, 0]) cube([12, 10, 1]);
  }
}

// A HAT of 65 x 30 mm; z = 0 is its lower side.
module hat() {
  color(hat_board) difference() {
    translate([pi_right - hat_size[0], pi_front, 0]) linear_extrude(pi_thick)
      translate([3, 3]) offset(3, $fn = 24) square(hat_size - [6, 6]);
    for (i = [0, 1], y = [0, 23]) translate([pi_hole(i)[0], pi_hole(i)[1] + y, -1]) cylinder(d = 2.7, h = 4, $fn = 20);
  }
  translate([pi_right, pi_front, 0]) mirror([1, 0, 0]) {
    color(black) translate([7.1, 1, -8.5]) cube([50.8, 5, 8.5]);
    color(metal) for (x = [4, 58]) translate([x, 13, pi_thick]) cube([3, 4, 1]);
    color([1, 1, 0.92]) for (x = [25, 31, 37]) translate([x, 13, pi_thick]) cube([3, 3, 1.2]);
    color(metal) translate([48, 12, pi_thick]) cube([6, 6, 2]);
    color(black) translate([51, 15, pi_thick]) cylinder(d = 3.4, h = 3.6, $fn = 24);
  }
}

module spacers() { color(gold) for (i = [0, 1]) translate(pi_hole(i)) cylinder(d = 4.6, h = 11, $fn = 6); }

// z = 0 is the flange's front; the magnet lies below it.
module loudspeaker() {
  color(metal) translate([0, 0, -driver_flange]) difference() {
    cylinder(d = driver, h = driver_flange);
    translate([0, 0, 0.5]) cylinder(d = driver - 8, h = driver_flange);
  }
  color(black) translate([0, 0, -driver_flange + 0.6]) {
    cylinder(d = driver - 8.2, h = 0.6);
    cylinder(d1 = 22, d2 = 16, h = 3);
  }
  color(metal) translate([0, 0, -driver_flange - 12]) cylinder(d1 = driver * 0.6, d2 = driver - 8, h = 12);
  color([0.3, 0.3, 0.32]) translate([0, 0, -driver_flange - 22]) cylinder(d = driver * 0.66, h = 10);
}

// z = 0 is where its rim rests.
module push_button(hole, long) {
  color(metal) { cylinder(d = hole + 2.5, h = 1.6); translate([0, 0, -long]) cylinder(d = hole - 0.4, h = long); }
  color([0.92, 0.93, 0.94]) translate([0, 0, 1.6]) cylinder(d = hole - 3, h = 1);
  color(gold) for (x = [-3, 3]) translate([x, 0, -long - 5]) cube([1, 2, 10], center = true);
}

module nut(hole) {
  color(metal) translate([0, 0, -2.5]) difference() { cylinder(d = hole + 5, h = 2.5, $fn = 6); translate([0, 0, -1]) cylinder(d = hole, h = 5); }
}

module led() {
  color([1, 1, 1, 0.9]) { cylinder(d = 5, h = 5); translate([0, 0, 5]) sphere(d = 5, $fn = 24); cylinder(d = 5.8, h = 1); }
  color(metal) for (i = [-1.5 : 1 : 1.5]) translate([i * 1.3, 0, -6]) cube([0.5, 0.5, 12], center = true);
}

// A round board, its port to the top.
module microphone() {
  color([0.25, 0.25, 0.60]) cylinder(d = 14, h = 1.6, center = true);
  color(metal) translate([0, 0, -1.3]) cube([4.7, 3.8, 1.1], center = true);
}

module amplifier() {
  color([0.15, 0.25, 0.50]) cube([19, 18, 1.6], center = true);
  color(black) translate([0, 0, 1.1]) cube([3, 3, 1], center = true);
  color([0.2, 0.55, 0.3]) translate([0, 6, 3]) cube([7, 6.5, 6], center = true);
}

module screw(long, across = 3) {
  color([0.35, 0.35, 0.37]) { cylinder(d = across * 1.9, h = across * 0.8, $fn = 24); translate([0, 0, -long]) cylinder(d = across, h = long, $fn = 16); }
}

// z = 0 is its flat top, as in the plate that it is sunk into.
module countersunk_screw(long, across = 3) {
  color([0.35, 0.35, 0.37]) { translate([0, 0, -across * 0.55]) cylinder(d1 = across, d2 = across * 1.9, h = across * 0.55, $fn = 24); translate([0, 0, -long]) cylinder(d = across, h = long, $fn = 16); }
}

module rubber_foot() { color(black) translate([0, 0, -4]) cylinder(d1 = 9, d2 = 12, h = 4); }

// A power cable that comes in at the back.
module cable() {
  color(black) {
    translate([0, depth / 2 - 20, 3]) rotate([-90, 0, 0]) cylinder(d = 4, h = 70, $fn = 20);
  }
}
