// The pictures: `view` says which. Printed parts are the STL files; what is bought is models.scad.
// Each part with a name says on standard error where a line from its name has to end.
include <models.scad>

view = "bare";

shell = [0.92, 0.90, 0.86];
dark = [0.27, 0.29, 0.32];
glow = [0.80, 0.93, 1.0];

module printed(name, tint = shell) { color(tint) import(str("stl/", name, ".stl"), convexity = 10); }

$named = true;       // whether names are said
$moved = [0, 0, 0];  // how far a whole group was moved
$turned = false;     // whether it lies upside down

// Put something there and say what it is; the line ends at `point`, measured from where it is put.
module labelled(name, at, point = [0, 0, 0]) {
  where = at + point + $moved;
  if ($named) echo("label", name, $turned ? [where[0], -where[1], -where[2]] : where);
  translate(at) children();
}

module moved(by) { $moved = by; translate(by) children(); }

module turned() { $turned = true; rotate([180, 0, 0]) children(); }

module nameless() { $named = false; children(); }

// The body without its right half, to look inside.
module half_body() {
  if ($named) echo("label", "body", [0, depth / 2 - 2, height * 0.8]);
  color(shell) difference() {
    import("stl/body.stl", convexity = 10);
    translate([0, -depth, -1]) cube([width, 2 * depth, height + 2]);
  }
}

module upright() { rotate([90, 0, 0]) children(); } // z becomes the front

front = [0, -depth / 2, driver_z];

// --- groups, each pulled apart by e: 0 is together ---------------------------------------------

module voice(e = 0) {
  labelled("grille", front + [0, grille_sunk - grille_thick - 1.6 * e, 0], [grille_across / 2, 0, 0])
    rotate([-90, 0, 0]) printed("grille", dark);
  labelled("loudspeaker", front + [0, wall + 0.9 * e, 0], [driver / 2, 8, 0]) upright() loudspeaker();
  labelled("chamber", front + [0, wall + 2.2 * e, 0], [grille_across / 2, 5, 0])
    translate([0, chamber_deep, 0]) rotate([90, 0, 0]) printed("chamber", dark);
  if (e > 0) labelled("4 screws M3, 8 mm", front + [0, wall + chamber_deep + 2.6 * e, 0], [30, 0, 24])
    rotate([-90, 0, 0]) at_driver_screws() screw(8);
}

// As it lies on the table, face down; the switch and the disc with its button go in from below it.
module bare_top(e = 0) {
  labelled("top", [0, 0, 0], [-width / 2 + 4, -20, height + 3]) printed("top_bare");
  labelled("disc", [0, 0, height - 0.1 - 1.2 * e], [-light / 2, 0, 1]) printed("diffuser", glow);
  labelled("talk button, its nut behind the disc", [0, 0, height + top_thick - 0.1 - 1.2 * e], [6, 0, -26]) push_button(talk_hole, 26);
  if (e > 0) translate([0, 0, height - 1.2 * e - 2]) nut(talk_hole);
  labelled("tray", [0, 0, height - tray_high - 4.2 * e], [light / 2, 0, 5]) printed("tray", [1, 1, 1]);
  labelled("RGB LED", [0, -18, height - tray_high - 1 - 5.4 * e], [0, 0, -6]) led();
  if (e > 0) labelled("3 screws M2.5, 8 mm", [0, 0, height - tray_high - 5.2 * e], [tray_screws * cos(120), tray_screws * sin(120), 0])
    for (a = [0 : 120 : 240]) rotate(a) translate([tray_screws, 0, 0]) rotate([180, 0, 0]) screw(8, 2.5);
  labelled("mute switch, its nut inside", [mute_at[0], mute_at[1], height + top_thick - 0.1], [5, 0, -14]) push_button(mute_hole, 18);
  if (e > 0) translate([mute_at[0], mute_at[1], height - 0.1]) nut(mute_hole);
  labelled("microphone", [mic_at[0], mic_at[1], height + 0.9 - 1.6 * e], [-7, 0, 0]) microphone();
}

module base_with_pi(e = 0, pi = true) {
  labelled("base", [0, 0, 0], [width / 2 - 3, 0, -2]) printed("base");
  if (pi) {
    labelled("amplifier, on foam tape", [-34, 32, 3.5 + 0.4 * e], [0, 6, 5]) amplifier();
    labelled("Pi", [0, 0, pi_standoff + 1.0 * e], [pi_right - 85, pi_front + 50, 8]) pi();
    if (e > 0) labelled("4 screws M2.5, 6 mm", [0, 0, pi_standoff + 2 + 1.9 * e], [pi_hole(2)[0], pi_hole(2)[1], 2]) at_pi_holes() screw(6, 2.5);
  }
  labelled("4 rubber feet", [0, 0, -base_thick - 0.6 * e], [boss_at[0] - 12, -boss_at[1], -3])
    for (x = [-1, 1], y = [-1, 1]) translate([x * (boss_at[0] - 12), y * boss_at[1], 0]) rubber_foot();
}

module hat_top(e = 0) {
  low = height - hat_gap - hat_stack - pi_thick;
  labelled("top for a HAT", [0, 0, 0], [-width / 2 + 4, -20, height + 3]) printed("top_hat");
  labelled("HAT", [0, 0, height - hat_gap - pi_thick - 1.4 * e], [pi_right - 65, pi_front + 20, 1]) hat();
  labelled("2 spacers, 11 mm", [0, 0, low + pi_thick - 2.3 * e], [pi_hole(0)[0], pi_hole(0)[1], 5]) spacers();
  labelled("Pi", [0, 0, low - 3.2 * e], [pi_right - 85, pi_front + 50, 8]) pi();
  if (e > 0) {
    labelled("2 screws M2.5, 20 mm", [0, 0, low - 3.9 * e], [pi_hole(0)[0], pi_hole(0)[1], -1])
      for (i = [0, 1]) translate(pi_hole(i)) rotate([180, 0, 0]) screw(20, 2.5);
    labelled("2 screws M2.5, 8 mm", [0, 0, low - 3.9 * e], [pi_hole(2)[0], pi_hole(2)[1], -1])
      for (i = [2, 3]) translate(pi_hole(i)) rotate([180, 0, 0]) screw(8, 2.5);
  }
}

module body_there() { labelled("body", [0, 0, 0], [width / 2, 10, 50]) printed("body"); }

module top_screws(drop) {
  labelled("4 screws M3, 12 mm", [0, 0, height - pad - tab - drop], [-boss_at[0], boss_at[1], -2])
    at_bosses() rotate([180, 0, 0]) screw(12);
}

module base_screws(drop) {
  labelled("4 screws M3, 12 mm, countersunk", [0, 0, -base_thick - drop], [boss_at[0], boss_at[1], -1])
    at_bosses() rotate([180, 0, 0]) countersunk_screw(12);
}

module closed_bare() nameless() { body_there(); voice(); bare_top(); }

// --- the views ----------------------------------------------------------------------------------

if (view == "bare") { closed_bare(); base_with_pi(); }
if (view == "bare-back") { closed_bare(); base_with_pi(); cable(); }
if (view == "hat") { body_there(); voice(); hat_top(); base_with_pi(pi = false); }
if (view == "bare-apart") {
  moved([0, 0, 0]) { body_there(); labelled("grille", [0, 0, 0], front + [-grille_across / 2, -40, 0]) nameless() translate([0, -40, 0]) voice(); }
  moved([0, 0, 62]) labelled("top, with all that is in it", [0, 0, 0], [-width / 2 + 4, 0, height + 3]) nameless() bare_top();
  moved([0, 0, -70]) { labelled("base, with the Pi", [0, 0, 0], [width / 2 - 2, 0, -2]) nameless() base_with_pi(); }
}
if (view == "voice") { half_body(); voice(24); }
if (view == "bare-top") turned() bare_top(11);
if (view == "bare-base") base_with_pi(18);
if (view == "hat-top") hat_top(16);
if (view == "close-top") {
  half_body();
  nameless() voice();
  moved([0, 0, 30]) labelled("top", [0, 0, 0], [width / 2 - 2, 0, height + 2]) nameless() bare_top();
  top_screws(16);
}
if (view == "close-base") {
  closed_bare();
  moved([0, 0, -46]) labelled("base, with the Pi", [0, 0, 0], [width / 2 - 2, 0, -2]) nameless() base_with_pi();
  base_screws(66);
  labelled("cable, its plug through the notch", [0, 0, 0], [0, depth / 2 + 25, 3]) cable();
}
if (view == "close-hat") {
  nameless() { body_there(); voice(); }
  moved([0, 0, 32]) labelled("top, with HAT and Pi", [0, 0, 0], [-width / 2 + 4, 0, height + 3]) nameless() hat_top();
  moved([0, 0, -44]) labelled("base", [0, 0, 0], [width / 2 - 2, 0, -2]) nameless() base_with_pi(pi = false);
  base_screws(64);
}
if (view == "parts") {
  printed("body");
  translate([150, 40, 4]) printed("base");
  translate([300, 40, height + top_thick]) rotate([180, 0, 0]) printed("top_bare");
  translate([450, 40, height + top_thick]) rotate([180, 0, 0]) printed("top_hat");
  translate([130, -90, 0]) printed("grille", dark);
  translate([245, -90, 0]) printed("chamber", dark);
  translate([350, -90, 0]) printed("diffuser", glow);
  translate([445, -90, 0]) printed("tray", [1, 1, 1]);
}
