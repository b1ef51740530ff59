// Every measure of the enclosure, in millimetres. x: to the right; y: to the back; z: up.
// z = 0 is the lower edge of the body. Parts that meet are apart by `play`.

// --- what you may want to change ---------------------------------------------------------------
driver = 50;          // the loudspeaker across its flange, round: 40 to 53; behind it 5 less, 55 deep
driver_flange = 3;    // how thick its flange is
talk_hole = 16.2;     // the talk button's thread: 12 to 16 mm; for more set tray_tube, too
mute_hole = 12.2;     // the mute switch's thread: up to 16 mm
led_hole = 5.2;       // the RGB LED
hat_gap = 5;          // from a HAT's upper side to the plate above it
hat_stack = 12.6;     // from the Pi's upper side to the HAT's: 11 mm spacers and the HAT itself

// --- the outside -------------------------------------------------------------------------------
width = 126;
depth = 106;
height = 130;         // of the body alone
corner = 22;
wall = 3;
base_thick = 4;
top_thick = 4;
play = 0.3;
lip = 3;              // how far base and top reach into the body
lip_wall = 2;

// --- screws ------------------------------------------------------------------------------------
m3_pilot = 2.5;       // M3 cuts its own thread in here
m3_free = 3.4;
m3_head = 6.6;
m25_pilot = 2.1;
m25_free = 2.8;
boss = 9;
tab = 5;              // how thick the body is where the top is screwed to it
pad = 8;              // how far the top's feet for these screws hang down
boss_at = [width / 2 - corner + (corner - wall - 5) * 0.7071,
           depth / 2 - corner + (corner - wall - 5) * 0.7071];

// --- the loudspeaker ---------------------------------------------------------------------------
driver_z = 68;
cone = driver - 5;             // the opening
screw_circle = driver / 2 + 8; // radius on which grille, body and chamber share four screws
grille_across = 2 * screw_circle + 9;
grille_thick = 3;
grille_sunk = 1;               // how deep the grille lies in the body
post = 7;
post_into_chamber = 3;
chamber_flange = 5;
chamber_deep = 60;
chamber_wall = 2.4;

// --- the Pi: models B of 3, 4 and 5 --------------------------------------------------------------
pi_size = [85, 56];
pi_thick = 1.6;
pi_holes = [58, 49];
pi_hole_in = 3.5;              // from both edges
pi_right = 44;                 // where the edge with the card lies
pi_front = -depth / 2 + wall + 4; // where the edge with the header lies
pi_standoff = 5;
hat_size = [65, 30];

// --- the top -----------------------------------------------------------------------------------
light = 44;                    // the glowing disc across
light_rim = 2;
light_thick = 3;
tray_high = 10;
tray_wall = 2;
tray_tab = 3;                  // how thick its ears are
tray_tube = 23;                // inside it is the talk button's nut
tray_screws = 31;              // radius
mute_at = [0, 37];
mic_at = [0, -37];
mic_pocket = [22, 18];
mic_skin = 1.6;                // what is left of the plate above the microphone

assert(driver >= 40 && driver <= 53, "driver: 40 to 53 mm");
assert(grille_across <= width - 2 * corner + 2, "the grille does not fit the flat of the front");
// 17 mm is the header with plugs on it, 5 mm the bend of their wires.
assert(driver_z - grille_across / 2 > pi_standoff + pi_thick + 22, "the loudspeaker meets the Pi's wires");
assert(driver_z + grille_across / 2 < height - hat_gap - hat_stack - pi_thick - 3,
       "the loudspeaker meets the Pi under a HAT");
// A nut is about 6 mm wider across its corners than its thread.
assert(tray_tube >= talk_hole + 6, "the talk button's nut needs a wider tray_tube");
assert(mute_hole <= 16.5, "mute_hole: up to 16 mm, or its nut meets the tray or the back");

// Where the Pi's four holes are; the two at the header come first.
function pi_hole(i) = [pi_right - pi_hole_in - (i % 2) * pi_holes[0],
                       pi_front + pi_hole_in + floor(i / 2) * pi_holes[1]];
