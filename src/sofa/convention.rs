//! What a file holds, by the name of its convention; and why the others are refused.

use super::container::Container;
use super::finding::Finding;
use crate::error::{Error, Result};

/// How the filters are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `Data.IR`, `[M][R][N]`.
    Fir,
    /// `Data.IR` with emitters, `[M][R][N][E]`.
    FirEmitters,
    /// The same in the order of SOFA before 2.1, `[M][R][E][N]`.
    FirEmittersFirst,
    /// `Data.Real` and `Data.Imag`, `[M][R][N]`.
    Transfer,
    /// The same with emitters, `[M][R][N][E]`.
    TransferEmitters,
    /// `Data.SOS`, `[M][R][N]`.
    Sections,
}

/// The convention of a file that may hold a head set.
pub(crate) struct Convention {
    pub(crate) name: String,
    pub(crate) form: Form,
    /// The convention promises filters for two ears in the free field; otherwise the file has to show it.
    pub(crate) head: bool,
}

const ROOM: &str = "this is a measured room";

/// Conventions that hold something else, and what to say of them.
const OTHERS: &[(&str, &str, &str)] = &[
    ("MultiSpeakerBRIR", ROOM, "give it to --room"),
    ("SingleRoomSRIR", ROOM, "give it to --room"),
    ("SingleRoomMIMOSRIR", ROOM, "give it to --room"),
    ("SingleRoomDRIR", ROOM, "give it to --room"),
    ("SingleTrackedAudio", "this is a recording", "play the recording itself"),
    ("SimpleHeadphoneIR", "this is the response of headphones", "give it to --headphones"),
    ("FreeFieldDirectivityTF", "this is the directivity of a source, not of ears", "choose a head set"),
    ("SimpleDirectivityTF", "this is the directivity of a source, not of ears", "choose a head set"),
    ("AnnotatedReceiverAudio", "this is a recording", "choose a head set"),
    ("AnnotatedEmitterAudio", "this is a recording", "choose a head set"),
    ("GeneralString", "this holds text, no filters", "choose a head set"),
    ("SimpleBRAH", "this holds the parameters of a hearing aid", "choose a head set"),
];

/// Decides what the file holds.
///
/// # Errors
/// `Unsupported`, naming the convention, if it is no head set; `Malformed` if the file does not say what it is.
pub(crate) fn identify(file: &Container, findings: &mut Vec<Finding>) -> Result<Convention> {
    let Some(name) = file.attribute("SOFAConventions") else {
        let error = if file.attributes().iter().any(|(n, _)| n == "SOFAConventions") {
            "the attribute SOFAConventions is blank"
        } else {
            "this is an HDF5 file without the attribute SOFAConventions, so no SOFA file"
        };
        return Err(Error::malformed(error));
    };
    if file.attribute("Conventions").is_none_or(|c| !c.eq_ignore_ascii_case("SOFA")) {
        findings.push(Finding::info(
            "conventions-attribute",
            format!("the attribute Conventions is '{}', not 'SOFA'", file.attribute("Conventions").unwrap_or("")),
        ));
    }
    if let Some((name, what, hint)) = OTHERS.iter().find(|(n, ..)| n.eq_ignore_ascii_case(name)) {
        return Err(Error::unsupported(format!("{what} ({name}), not a head set")).hint(*hint));
    }
    let data_type = file.attribute("DataType").unwrap_or_default().to_ascii_uppercase().replace(' ', "");
    let form = match data_type.as_str() {
        "FIR" => Form::Fir,
        "FIR-E" => Form::FirEmitters,
        "FIRE" => Form::FirEmittersFirst,
        "TF" => Form::Transfer,
        "TF-E" | "TFE" => Form::TransferEmitters,
        "SOS" => Form::Sections,
        "" => by_variables(file)?,
        other => {
            return Err(Error::unsupported(format!(
                "{name} with the data type '{other}' cannot be read as a head set"
            ))
            .hint("the data types FIR, FIR-E, TF, TF-E and SOS can be read"));
        }
    };
    if data_type.is_empty() {
        findings.push(Finding::warning("data-type", format!("the attribute DataType is missing; taken as {form:?}")));
    }
    let lower = name.to_ascii_lowercase();
    let head = matches!(
        lower.as_str(),
        "simplefreefieldhrir"
            | "freefieldhrir"
            | "simplefreefieldhrtf"
            | "freefieldhrtf"
            | "simplefreefieldhrsos"
            // Names from before the "HR" was added.
            | "simplefreefieldtf"
            | "simplefreefieldsos"
    );
    let general = matches!(
        lower.as_str(),
        "generalfir" | "generalfir-e" | "generalfire" | "generaltf" | "generaltf-e" | "generalsos"
    );
    if !head && !general {
        findings.push(
            Finding::warning(
                "unknown-convention",
                format!("the convention {name} is not known; read by its data alone"),
            )
            .hint("check that it holds directional filters for two ears"),
        );
    }
    let room = file.attribute("RoomType").unwrap_or("free field").to_ascii_lowercase();
    let free = matches!(room.as_str(), "free field" | "freefield" | "free-field" | "anechoic");
    if !free && !head {
        return Err(Error::unsupported(format!("{ROOM} ({name}, room type '{room}'), not a head set"))
            .hint("give it to --room"));
    }
    if !free {
        findings.push(Finding::warning(
            "room-type",
            format!("the room type is '{room}', a head set is measured in the free field"),
        ));
    }
    Ok(Convention { name: name.to_string(), form, head })
}

/// The form, if the file does not name its data type.
fn by_variables(file: &Container) -> Result<Form> {
    let has = |name: &str| file.variable(name);
    match (has("Data.IR"), has("Data.Real"), has("Data.SOS")) {
        (Some(v), ..) if v.dims.len() == 3 => Ok(Form::Fir),
        (Some(_), ..) => Err(Error::malformed("the attribute DataType is missing, and Data.IR is not [M][R][N]")),
        (_, Some(v), _) if v.dims.len() == 3 => Ok(Form::Transfer),
        (_, _, Some(_)) => Ok(Form::Sections),
        _ => Err(Error::malformed("the file holds none of Data.IR, Data.Real and Data.SOS")),
    }
}
