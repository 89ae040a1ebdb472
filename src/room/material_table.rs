//! The rows of [`super::material`]. Every number is that of the entry named beside it; where a source ends at 4 kHz, the
//! value at 8 kHz is that at 4 kHz, as it is usual.

use super::material::{
    Material,
    Source::{Definition, Resonance, Vorlander},
};

/// Name, other names, absorption from 125 Hz to 8 kHz, source, what it is.
#[rustfmt::skip]
pub(super) const MATERIALS: &[Material] = &[
    // Walls and stone
    Material { name: "plaster", aliases: &["plaster-smooth", "plaster-painted"], absorption: [0.013, 0.015, 0.02, 0.03, 0.04, 0.05, 0.1], source: Resonance("plaster-smooth"), what: "smooth plaster on a solid wall" },
    Material { name: "plaster-rough", aliases: &["render", "stucco"], absorption: [0.02, 0.03, 0.04, 0.05, 0.04, 0.03, 0.06], source: Resonance("plaster-rough"), what: "rough plaster on a solid wall" },
    Material { name: "lime-wash", aliases: &["limewash", "whitewash"], absorption: [0.02, 0.03, 0.04, 0.05, 0.04, 0.03, 0.02], source: Vorlander("rough_lime_wash"), what: "rough lime wash" },
    Material { name: "plasterboard", aliases: &["drywall", "gypsum", "gypsum-board", "sheetrock"], absorption: [0.15, 0.1, 0.06, 0.04, 0.04, 0.05, 0.05], source: Vorlander("plasterboard"), what: "two layers of plasterboard on a steel frame, mineral wool behind, painted" },
    Material { name: "plasterboard-ceiling", aliases: &["drywall-ceiling", "suspended-ceiling"], absorption: [0.2, 0.15, 0.1, 0.08, 0.04, 0.02, 0.02], source: Vorlander("ceiling_plasterboard"), what: "plasterboard ceiling on battens with a large air space above" },
    Material { name: "brick", aliases: &["brick-bare", "bricks", "brick-wall"], absorption: [0.03, 0.03, 0.03, 0.04, 0.05, 0.07, 0.14], source: Resonance("brick-bare"), what: "bare brick" },
    Material { name: "brick-painted", aliases: &["painted-brick"], absorption: [0.01, 0.01, 0.02, 0.02, 0.02, 0.03, 0.06], source: Resonance("brick-painted"), what: "painted brick" },
    Material { name: "brick-rendered", aliases: &["rendered-brick", "brickwork"], absorption: [0.01, 0.02, 0.02, 0.03, 0.03, 0.04, 0.04], source: Vorlander("brickwork"), what: "rendered brickwork" },
    Material { name: "brick-deep-joints", aliases: &["brick-open-joints"], absorption: [0.08, 0.09, 0.12, 0.16, 0.22, 0.24, 0.24], source: Vorlander("smooth_brickwork_10mm_pointing"), what: "brickwork with joints 10 mm deep" },
    Material { name: "concrete", aliases: &["concrete-smooth"], absorption: [0.01, 0.01, 0.02, 0.02, 0.02, 0.05, 0.05], source: Vorlander("unpainted_concrete"), what: "smooth unpainted concrete" },
    Material { name: "concrete-rough", aliases: &["rough-concrete"], absorption: [0.02, 0.03, 0.03, 0.03, 0.04, 0.07, 0.07], source: Vorlander("rough_concrete"), what: "rough concrete" },
    Material { name: "concrete-polished", aliases: &["polished-concrete"], absorption: [0.01, 0.01, 0.015, 0.02, 0.02, 0.02, 0.04], source: Resonance("polished-concrete-or-tile"), what: "polished concrete or tile" },
    Material { name: "concrete-floor", aliases: &["screed"], absorption: [0.01, 0.03, 0.05, 0.02, 0.02, 0.02, 0.02], source: Vorlander("concrete_floor"), what: "concrete floor" },
    Material { name: "concrete-block", aliases: &["breeze-block", "cinder-block"], absorption: [0.36, 0.44, 0.31, 0.29, 0.39, 0.25, 0.5], source: Resonance("concrete-block-coarse"), what: "coarse concrete blocks" },
    Material { name: "concrete-painted", aliases: &["painted-concrete", "concrete-block-painted"], absorption: [0.1, 0.05, 0.06, 0.07, 0.09, 0.08, 0.16], source: Resonance("concrete-block-painted"), what: "painted concrete blocks" },
    Material { name: "limestone", aliases: &["stone", "sandstone", "stone-wall"], absorption: [0.02, 0.02, 0.03, 0.04, 0.05, 0.05, 0.05], source: Vorlander("limestone_wall"), what: "limestone wall" },
    Material { name: "marble", aliases: &["stone-floor", "granite"], absorption: [0.01, 0.01, 0.01, 0.02, 0.02, 0.02, 0.02], source: Vorlander("marble_floor"), what: "marble floor" },
    Material { name: "tile", aliases: &["tiles", "ceramic-tile", "ceramic-tiles"], absorption: [0.01, 0.01, 0.01, 0.02, 0.02, 0.02, 0.02], source: Vorlander("ceramic_tiles"), what: "ceramic tiles, smooth" },
    Material { name: "metal", aliases: &["steel", "sheet-metal"], absorption: [0.04, 0.04, 0.05, 0.05, 0.05, 0.07, 0.09], source: Resonance("metal"), what: "sheet metal" },
    // Glass
    Material { name: "glass", aliases: &["glass-thin", "window-pane"], absorption: [0.08, 0.04, 0.03, 0.03, 0.02, 0.02, 0.02], source: Vorlander("glass_3mm"), what: "single pane of glass, 3 mm" },
    Material { name: "window", aliases: &["windows", "glass-window"], absorption: [0.1, 0.05, 0.04, 0.03, 0.03, 0.03, 0.03], source: Vorlander("glass_window"), what: "ordinary window glass in its frame" },
    Material { name: "glass-thick", aliases: &["plate-glass", "glass-large"], absorption: [0.35, 0.25, 0.18, 0.12, 0.07, 0.04, 0.08], source: Resonance("glass-thick"), what: "large panes of thick glass" },
    Material { name: "double-glazing", aliases: &["double-glass", "insulating-glass"], absorption: [0.1, 0.07, 0.05, 0.03, 0.02, 0.02, 0.02], source: Vorlander("double_glazing_10mm"), what: "double glazing, 10 mm gap" },
    Material { name: "lead-glazing", aliases: &["stained-glass"], absorption: [0.3, 0.2, 0.14, 0.1, 0.05, 0.05, 0.05], source: Vorlander("lead_glazing"), what: "leaded glass" },
    // Wood
    Material { name: "wood-panel", aliases: &["wood-panelling", "panelling", "wooden-lining"], absorption: [0.27, 0.23, 0.22, 0.15, 0.1, 0.07, 0.06], source: Vorlander("wooden_lining"), what: "wooden lining, 12 mm, fixed on a frame" },
    Material { name: "wood", aliases: &["timber", "wooden-wall"], absorption: [0.18, 0.12, 0.1, 0.09, 0.08, 0.07, 0.07], source: Vorlander("wood_1.6cm"), what: "wood, 16 mm, on 40 mm planks" },
    Material { name: "plywood", aliases: &["plywood-panel"], absorption: [0.42, 0.21, 0.1, 0.08, 0.06, 0.06, 0.06], source: Vorlander("plywood_thin"), what: "thin plywood panelling" },
    Material { name: "wood-ceiling", aliases: &["wooden-ceiling"], absorption: [0.15, 0.11, 0.1, 0.07, 0.06, 0.07, 0.14], source: Resonance("wood-ceiling"), what: "wooden ceiling" },
    Material { name: "door", aliases: &["wooden-door"], absorption: [0.14, 0.1, 0.06, 0.08, 0.1, 0.1, 0.1], source: Vorlander("wooden_door"), what: "solid wooden door" },
    Material { name: "parquet", aliases: &["parquet-on-concrete"], absorption: [0.04, 0.04, 0.07, 0.06, 0.06, 0.07, 0.14], source: Resonance("parquet-on-concrete"), what: "parquet on concrete" },
    Material { name: "floorboards", aliases: &["wood-floor", "wooden-floor", "audience-floor"], absorption: [0.09, 0.06, 0.05, 0.05, 0.05, 0.04, 0.04], source: Vorlander("audience_floor"), what: "wooden floor, 33 mm in two layers on sleepers over concrete" },
    Material { name: "stage-floor", aliases: &["stage"], absorption: [0.1, 0.07, 0.06, 0.06, 0.06, 0.06, 0.06], source: Vorlander("stage_floor"), what: "wooden stage floor, 27 mm in two layers over an air space" },
    // Floor coverings
    Material { name: "linoleum", aliases: &["lino", "vinyl", "rubber", "cork"], absorption: [0.02, 0.03, 0.03, 0.03, 0.03, 0.02, 0.02], source: Vorlander("linoleum_on_concrete"), what: "linoleum, asphalt, rubber or cork tile on concrete" },
    Material { name: "carpet", aliases: &["carpet-foam"], absorption: [0.03, 0.09, 0.25, 0.31, 0.33, 0.44, 0.44], source: Vorlander("carpet_6mm_closed_cell_foam"), what: "carpet, 6 mm pile on closed-cell foam" },
    Material { name: "carpet-thin", aliases: &["thin-carpet"], absorption: [0.02, 0.04, 0.08, 0.2, 0.35, 0.4, 0.4], source: Vorlander("carpet_thin"), what: "thin carpet glued to concrete" },
    Material { name: "carpet-thick", aliases: &["thick-carpet", "heavy-carpet"], absorption: [0.08, 0.08, 0.3, 0.6, 0.75, 0.8, 0.8], source: Vorlander("carpet_tufted_9m"), what: "tufted carpet, 9 mm pile on felt" },
    Material { name: "carpet-soft", aliases: &["carpet-open-cell"], absorption: [0.03, 0.09, 0.2, 0.54, 0.7, 0.72, 0.72], source: Vorlander("carpet_6mm_open_cell_foam"), what: "carpet, 6 mm pile on open-cell foam" },
    Material { name: "carpet-cotton", aliases: &["rug", "cotton-carpet"], absorption: [0.07, 0.31, 0.49, 0.81, 0.66, 0.54, 0.48], source: Vorlander("carpet_cotton"), what: "cotton carpet" },
    Material { name: "felt", aliases: &["needle-felt"], absorption: [0.02, 0.02, 0.05, 0.15, 0.3, 0.4, 0.4], source: Vorlander("felt_5mm"), what: "needle felt, 5 mm, on concrete" },
    // Curtains
    Material { name: "curtain", aliases: &["curtains", "drapes"], absorption: [0.05, 0.06, 0.39, 0.63, 0.7, 0.73, 0.73], source: Vorlander("curtains_0.2"), what: "curtains, 0.2 kg/m², 90 mm from the wall" },
    Material { name: "curtain-light", aliases: &["light-curtain", "curtains-light"], absorption: [0.03, 0.12, 0.15, 0.27, 0.37, 0.42, 0.42], source: Vorlander("curtains_cotton_0.33"), what: "cotton cloth, 0.33 kg/m², folded to 7/8 of its area" },
    Material { name: "curtain-heavy", aliases: &["heavy-curtain", "curtains-heavy"], absorption: [0.3, 0.45, 0.65, 0.56, 0.59, 0.71, 0.71], source: Vorlander("curtains_cotton_0.5"), what: "cotton curtains, 0.5 kg/m², draped to 3/4 of their area, 130 mm from the wall" },
    Material { name: "curtain-studio", aliases: &["studio-curtain"], absorption: [0.36, 0.26, 0.51, 0.45, 0.62, 0.76, 0.76], source: Vorlander("studio_curtains"), what: "studio curtains, 220 mm from the wall" },
    Material { name: "velvet", aliases: &["curtain-velvet"], absorption: [0.05, 0.12, 0.35, 0.45, 0.38, 0.36, 0.36], source: Vorlander("curtains_velvet"), what: "tight velvet curtain" },
    Material { name: "blinds", aliases: &["window-blinds"], absorption: [0.03, 0.09, 0.24, 0.46, 0.79, 0.76, 0.76], source: Vorlander("blinds_half_open"), what: "upright blinds, half open, 150 mm from the wall" },
    // Seats and people
    Material { name: "chairs-wooden", aliases: &["wooden-chairs", "pews"], absorption: [0.05, 0.08, 0.1, 0.12, 0.12, 0.12, 0.12], source: Vorlander("chairs_wooden"), what: "wooden chairs, empty" },
    Material { name: "chairs-plastic", aliases: &["plastic-chairs"], absorption: [0.06, 0.1, 0.1, 0.2, 0.3, 0.2, 0.2], source: Vorlander("chairs_unoccupied_plastic"), what: "plastic chairs, empty" },
    Material { name: "seats-empty", aliases: &["empty-seats", "seats", "chairs-upholstered"], absorption: [0.49, 0.66, 0.8, 0.88, 0.82, 0.7, 0.7], source: Vorlander("chairs_medium_upholstered"), what: "upholstered concert seats, empty" },
    Material { name: "seats-heavy", aliases: &["heavy-seats"], absorption: [0.7, 0.76, 0.81, 0.84, 0.84, 0.81, 0.81], source: Vorlander("chairs_heavy_upholstered"), what: "heavily upholstered seats, empty" },
    Material { name: "seats-leather", aliases: &["leather-seats", "sofa-leather"], absorption: [0.4, 0.5, 0.58, 0.61, 0.58, 0.5, 0.5], source: Vorlander("chairs_upholstered_leather"), what: "seats with leather covers, empty" },
    Material { name: "audience", aliases: &["audience-on-seats", "audience-seated", "people"], absorption: [0.6, 0.74, 0.88, 0.96, 0.93, 0.85, 0.85], source: Vorlander("audience_orchestra_choir"), what: "areas with audience, orchestra or choir, with narrow aisles" },
    Material { name: "audience-wooden-chairs", aliases: &["congregation"], absorption: [0.24, 0.4, 0.78, 0.98, 0.96, 0.87, 0.87], source: Vorlander("audience_wooden_chairs_2_m2"), what: "audience on wooden chairs, 2 on a square metre" },
    Material { name: "audience-standing", aliases: &["crowd", "audience-dense"], absorption: [0.26, 0.46, 0.87, 0.99, 0.99, 0.99, 0.99], source: Vorlander("audience_2_m2"), what: "audience, 2 on a square metre" },
    Material { name: "audience-sparse", aliases: &["audience-thin"], absorption: [0.1, 0.21, 0.41, 0.65, 0.75, 0.71, 0.71], source: Vorlander("audience_0.72_m2"), what: "audience, 0.7 on a square metre" },
    Material { name: "orchestra", aliases: &["musicians"], absorption: [0.27, 0.53, 0.67, 0.93, 0.87, 0.8, 0.8], source: Vorlander("orchestra_1.5_m2"), what: "orchestra with instruments on a podium" },
    // Absorbers
    Material { name: "acoustic-plaster", aliases: &[], absorption: [0.17, 0.36, 0.66, 0.65, 0.62, 0.68, 0.68], source: Vorlander("acoustical_plaster_25mm"), what: "acoustic plaster, 25 mm" },
    Material { name: "acoustic-tile", aliases: &["acoustic-ceiling-tile", "ceiling-tile", "acoustic-ceiling"], absorption: [0.49, 0.53, 0.53, 0.75, 0.92, 0.99, 0.99], source: Vorlander("ceiling_fissured_tile"), what: "fissured ceiling tile" },
    Material { name: "acoustic-tile-dense", aliases: &["acoustic-ceiling-tiles"], absorption: [0.7, 0.66, 0.72, 0.92, 0.88, 0.75, 1.0], source: Resonance("acoustic-ceiling-tiles"), what: "acoustic ceiling tiles" },
    Material { name: "foam", aliases: &["foam-absorber", "acoustic-foam", "melamine-foam"], absorption: [0.12, 0.33, 0.83, 0.97, 0.98, 0.95, 0.95], source: Vorlander("ceiling_melamine_foam"), what: "wedge-shaped melamine foam" },
    Material { name: "mineral-wool", aliases: &["rockwool", "rock-wool"], absorption: [0.23, 0.59, 0.86, 0.86, 0.86, 0.86, 0.86], source: Vorlander("rockwool_50mm_40kgm3"), what: "rock wool, 50 mm, 40 kg/m³" },
    Material { name: "fiberglass", aliases: &["glass-wool", "fibreglass"], absorption: [0.22, 0.82, 0.99, 0.99, 0.99, 0.99, 1.0], source: Resonance("fiber-glass-insulation"), what: "glass fibre insulation" },
    Material { name: "fabric-panel", aliases: &["absorber", "acoustic-panel", "panel-absorber"], absorption: [0.21, 0.66, 1.0, 1.0, 0.97, 0.98, 0.98], source: Vorlander("panel_fabric_covered_8pcf"), what: "fabric-covered panel with a dense rock wool core" },
    Material { name: "fabric-panel-thick", aliases: &["bass-panel", "broadband-absorber"], absorption: [0.46, 0.93, 1.0, 1.0, 1.0, 1.0, 1.0], source: Vorlander("panel_fabric_covered_6pcf"), what: "thick fabric-covered panel with a rock wool core" },
    Material { name: "perforated-board", aliases: &["perforated-gypsum"], absorption: [0.45, 0.55, 0.6, 0.9, 0.86, 0.75, 0.75], source: Vorlander("ceiling_perforated_gypsum_board"), what: "perforated gypsum board, 300 mm below the ceiling" },
    Material { name: "perforated-panel", aliases: &["perforated-wood"], absorption: [0.41, 0.67, 0.58, 0.59, 0.68, 0.35, 0.35], source: Vorlander("perforated_veneered_chipboard"), what: "perforated chipboard, 150 mm deep with mineral wool" },
    Material { name: "bass-trap", aliases: &["wool-deep", "mineral-wool-spaced"], absorption: [0.7, 0.45, 0.65, 0.6, 0.75, 0.65, 0.65], source: Vorlander("mineral_wool_50mm_70kgm3"), what: "mineral wool, 50 mm, 300 mm in front of the wall" },
    Material { name: "hanging-baffles", aliases: &["baffles"], absorption: [0.25, 0.45, 0.8, 0.9, 0.85, 0.8, 0.8], source: Vorlander("hanging_absorber_panels_1"), what: "hanging foam baffles, 400 mm deep and apart" },
    // Outdoors and limits
    Material { name: "grass", aliases: &["lawn", "meadow"], absorption: [0.15, 0.25, 0.4, 0.55, 0.6, 0.6, 0.6], source: Resonance("grass"), what: "grass" },
    Material { name: "water", aliases: &["ice"], absorption: [0.008, 0.008, 0.013, 0.015, 0.02, 0.025, 0.05], source: Resonance("water-or-ice-surface"), what: "water or ice" },
    Material { name: "open", aliases: &["none", "nothing", "transparent", "open-window"], absorption: [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], source: Definition, what: "an opening: nothing comes back" },
    Material { name: "rigid", aliases: &["mirror", "reflecting"], absorption: [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], source: Definition, what: "everything comes back" },
];
