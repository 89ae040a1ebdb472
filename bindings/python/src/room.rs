//! Rooms, presets, materials, directivities.

use crate::arrays::{rows, shaped};
use crate::errors::{OrRaise, argument, raise};
use numpy::PyReadonlyArray2;
use periphon::room::directivity::Directivity;
use periphon::room::{Air, BANDS, Bands, material, preset};
use pyo3::prelude::*;

/// A shoebox.
#[pyclass(frozen, module = "periphon._periphon")]
pub(crate) struct Room {
    pub(crate) room: periphon::Room,
    /// Where one listens in a preset.
    #[pyo3(get)]
    listener: Option<[f64; 3]>,
    /// Metres to a preset's loudspeakers.
    #[pyo3(get)]
    place_distance: Option<f64>,
}

#[pymethods]
impl Room {
    #[new]
    #[allow(clippy::too_many_arguments, reason = "the package has names and defaults for them")]
    fn new(
        size: [f64; 3],
        absorption: PyReadonlyArray2<'_, f64>,
        order: usize,
        late: bool,
        t60: Option<[f64; BANDS]>,
        air: Option<(f64, f64)>,
        speed_of_sound: f64,
    ) -> PyResult<Self> {
        let walls: Vec<Bands> = rows("absorption", &absorption)?;
        let Ok(absorption) = <[Bands; 6]>::try_from(&walls[..]) else {
            return Err(argument(format!("absorption: six walls are needed, not {}", walls.len())));
        };
        let mut room = periphon::Room::new(size, 0.0)
            .with_order(order)
            .with_late(late)
            .with_air(air.map(|(temperature_c, humidity_percent)| Air { temperature_c, humidity_percent }));
        room.absorption = absorption;
        room.t60 = t60;
        room.speed_of_sound = speed_of_sound;
        room.check().or_raise()?;
        Ok(Self { room, listener: None, place_distance: None })
    }

    /// A room by name.
    #[staticmethod]
    fn preset(name: &str) -> PyResult<Self> {
        let names = || preset::all().iter().map(|p| p.name).collect::<Vec<_>>().join(", ");
        let found = preset::find(name).ok_or_else(|| {
            let error = periphon::Error::argument(format!("there is no room '{name}'"));
            raise(&error.hint(format!("there are: {}", names())))
        })?;
        Ok(Self { room: found.room(), listener: Some(found.listener), place_distance: Some(found.place_distance) })
    }

    #[getter]
    fn size(&self) -> [f64; 3] {
        self.room.size
    }

    /// `[6][7]`
    fn absorption<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        shaped(py, self.room.absorption.as_flattened().to_vec(), [6, BANDS])
    }

    #[getter]
    fn order(&self) -> usize {
        self.room.reflection_order
    }

    #[getter]
    fn late(&self) -> bool {
        self.room.late
    }

    #[getter]
    fn t60(&self) -> Option<[f64; BANDS]> {
        self.room.t60
    }

    #[getter]
    fn air(&self) -> Option<(f64, f64)> {
        self.room.air.map(|a| (a.temperature_c, a.humidity_percent))
    }

    #[getter]
    fn speed_of_sound(&self) -> f64 {
        self.room.speed_of_sound
    }

    #[getter]
    fn volume(&self) -> f64 {
        self.room.volume()
    }

    #[getter]
    fn surface(&self) -> f64 {
        self.room.surface()
    }
}

/// Names and descriptions of the rooms that come along.
#[pyfunction]
pub(crate) fn presets() -> Vec<(&'static str, &'static str)> {
    preset::all().iter().map(|p| (p.name, p.description)).collect()
}

/// Names, other names, absorption by band and descriptions of the materials.
#[pyfunction]
#[allow(clippy::type_complexity, reason = "one row of a table")]
pub(crate) fn materials() -> Vec<(&'static str, Vec<&'static str>, Bands, &'static str)> {
    material::all().iter().map(|m| (m.name, m.aliases.to_vec(), m.absorption, m.what)).collect()
}

/// The part of a named pattern that goes everywhere.
#[pyfunction]
pub(crate) fn directivity(name: &str) -> PyResult<f64> {
    let found = Directivity::find(name).ok_or_else(|| {
        let names: Vec<&str> = Directivity::ALL.iter().map(|d| d.name()).collect();
        let error = periphon::Error::argument(format!("there is no directivity '{name}'"));
        raise(&error.hint(format!("there are: {}; or give the part that goes everywhere, 0 to 1", names.join(", "))))
    })?;
    Ok(found.omni_part())
}
