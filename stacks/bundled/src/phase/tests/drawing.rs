//! The transition table as a picture, `states.svg`: the arrows are the machine's,
//! only the places of the boxes are written down here.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

/// An arrow: state, event, next state.
type Arrow<'a> = (&'a str, &'a str, &'a str);

/// Boxes by column and row. CLOSED has two, as in the RFC's figure.
const BOXES: [(&str, i32, i32); 12] = [
    ("CLOSED", 1, 0),
    ("LISTEN", 0, 1),
    ("SYN-RECEIVED", 0, 2),
    ("SYN-SENT", 2, 2),
    ("ESTABLISHED", 1, 3),
    ("FIN-WAIT-1", 0, 4),
    ("CLOSE-WAIT", 2, 4),
    ("FIN-WAIT-2", 0, 5),
    ("CLOSING", 1, 5),
    ("LAST-ACK", 2, 5),
    ("TIME-WAIT", 1, 6),
    (END, 2, 6),
];

/// The lower box of CLOSED, to which the orderly ends lead.
const END: &str = "CLOSED ";

/// What makes a connection, and so changes the state of none.
const OPENS: [Arrow<'_>; 3] = [
    ("CLOSED", "passive OPEN", "LISTEN"),
    ("LISTEN", "SYN arrives", "SYN-RECEIVED"),
    ("CLOSED", "active OPEN", "SYN-SENT"),
];

/// Holds the committed picture to the machine; `TCPSPEC_BLESS=1` draws it anew.
#[test]
fn picture_shows_the_machine() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("states.svg");
    let arrows = super::arrows_of_figure_5();
    let drawn = draw(&arrows);
    if std::env::var_os("TCPSPEC_BLESS").is_some() {
        std::fs::write(&path, &drawn).expect("a writable checkout");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(committed, drawn, "TCPSPEC_BLESS=1 draws it anew");
}

fn draw(arrows: &BTreeSet<(String, &'static str, String)>) -> String {
    let mut svg = String::from(HEAD);
    for arrow in OPENS {
        draw_arrow(&mut svg, arrow, " stroke-dasharray=\"4 3\"");
    }
    for (from, event, to) in arrows {
        let is_orderly_end = to == "CLOSED" && from != "SYN-RECEIVED";
        let to = if is_orderly_end { END } else { to };
        draw_arrow(&mut svg, (from, event, to), "");
    }
    for (name, column, row) in BOXES {
        let (x, y) = (left(column), top(row));
        let (middle, base) = (x + WIDTH / 2, y + HEIGHT / 2 + 5);
        let name = name.trim();
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"5\" fill=\"#eef3fb\" stroke=\"#35588f\"/>\n<text x=\"{middle}\" y=\"{base}\" font-weight=\"bold\">{name}</text>"
        );
    }
    svg + "</svg>\n"
}

/// From the border of one box to that of the other, with the event beside its
/// middle. Of two that run to and fro, each keeps to its side.
fn draw_arrow(svg: &mut String, (from, event, to): Arrow<'_>, style: &str) {
    let ((x1, y1), (x2, y2)) = (centre(from), centre(to));
    let outwards = if x1 < left(1) { -30 } else { 30 };
    let side = if x1 == x2 {
        (y2 - y1).signum() * outwards
    } else {
        0
    };
    let (dx, dy) = ((x2 - x1).signum(), (y2 - y1).signum());
    let (x1, x2, y1, y2) = if dy == 0 {
        (x1 + dx * WIDTH / 2, x2 - dx * WIDTH / 2, y1, y2)
    } else {
        let (x1, x2) = (x1 + dx * WIDTH / 4 + side, x2 - dx * WIDTH / 4 + side);
        (x1, x2, y1 + dy * HEIGHT / 2, y2 - dy * HEIGHT / 2)
    };
    let (x, y) = ((x1 + x2) / 2, (y1 + y2) / 2 - if dy == 0 { 5 } else { -4 });
    let (x, anchor) = match side.signum() {
        0 => (x, "middle"),
        1 => (x + 6, "start"),
        _ => (x - 6, "end"),
    };
    let _ = writeln!(
        svg,
        "<path d=\"M{x1} {y1}L{x2} {y2}\" stroke=\"#444\" marker-end=\"url(#tip)\"{style}/>\n<text x=\"{x}\" y=\"{y}\" class=\"event\" text-anchor=\"{anchor}\">{event}</text>"
    );
}

fn centre(name: &str) -> (i32, i32) {
    let place = BOXES.iter().find(|(known, ..)| *known == name);
    let (_, column, row) = place.unwrap_or_else(|| panic!("no box for {name}"));
    (left(*column) + WIDTH / 2, top(*row) + HEIGHT / 2)
}

const fn left(column: i32) -> i32 {
    90 + column * 250
}

const fn top(row: i32) -> i32 {
    20 + row * 90
}

const WIDTH: i32 = 140;
const HEIGHT: i32 = 36;

const HEAD: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 820 620" font-family="sans-serif" font-size="14" text-anchor="middle">
<title>States of a connection, and what leads from one to the next</title>
<style>.event{font-size:11px;paint-order:stroke;stroke:#fff;stroke-width:4px}</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#444"/></marker></defs>
<rect width="820" height="620" fill="#fff"/>
"##;
