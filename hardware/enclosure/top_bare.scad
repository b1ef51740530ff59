// The top of the bare build: talk button in a glowing disc, mute switch behind, microphone in front.
// Print it turned over, face down.
include <shapes.scad>

module plate() {
  difference() {
    union() {
      translate([0, 0, height]) rounded_plate(top_thick, 2.5);
      translate([0, 0, height - lip]) linear_extrude(lip + 0.01) inner_lip();
      at_bosses() translate([0, 0, height - pad + play]) cylinder(d = boss - 1, h = pad, $fn = 32);
      children();
    }
    at_bosses() translate([0, 0, height - pad - 1]) cylinder(d = m3_pilot, h = pad + 3, $fn = 16);
  }
}

module at_tray_screws() { for (a = [0 : 120 : 240]) rotate(a) translate([tray_screws, 0]) children(); }

module top_bare() {
  under = height - 0.01;
  difference() {
    plate() at_tray_screws() translate([0, 0, height - tray_high + tray_tab]) cylinder(d = 8, h = tray_high, $fn = 32);
    // the light: its rim is held from below
    translate([0, 0, under]) cylinder(d = light + 2 * play, h = top_thick + 1, $fn = 96);
    translate([0, 0, under - 10]) cylinder(d = light + 2 * light_rim + 2 * play, h = 10 + light_thick - 1, $fn = 96);
    at_tray_screws() translate([0, 0, height - tray_high]) cylinder(d = m25_pilot, h = tray_high + 2, $fn = 16);
    translate([mute_at[0], mute_at[1], under - 10]) cylinder(d = mute_hole, h = 20, $fn = 48);
    // the microphone lies in a pocket, its port under the hole
    translate([mic_at[0], mic_at[1], height + top_thick - mic_skin - 10])
      translate([-mic_pocket[0] / 2, -mic_pocket[1] / 2, 0]) cube([mic_pocket[0], mic_pocket[1], 10]);
    translate([mic_at[0], mic_at[1], height]) cylinder(d = 1.6, h = 10, $fn = 20);
    translate([mic_at[0], mic_at[1], height + top_thick - 0.8]) cylinder(d1 = 1.6, d2 = 3.2, h = 0.81, $fn = 24);
  }
}

top_bare();
