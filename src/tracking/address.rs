//! What senders of OSC mean by their addresses and numbers. The table with its sources is `docs/head-tracking.md`.

use super::event::{Axis, HeadEvent};
use super::osc::Message;
use crate::coords::Vec3;

/// The event that a message stands for; `None` for other addresses and other numbers of numbers.
pub fn event(message: &Message<'_>) -> Option<HeadEvent> {
    use HeadEvent::{Angle, Angles, Pose, Position, Quaternion, Recentre, SceneAngle, SceneAngles};
    let degrees = f64::to_degrees;
    Some(match (message.address, message.numbers()) {
        // IEM SceneRotator: how the scene is turned, about x ahead, y left, z up, each by the right-hand rule. Pitch is
        // positive where the front goes down, which is where the head goes up: of the scene's angles, ours has the other
        // sign.
        ("/SceneRotator/quaternions", &[w, x, y, z]) => Quaternion([w, -x, -y, -z]),
        ("/SceneRotator/ypr", &[yaw, pitch, roll]) => SceneAngles([yaw, -pitch, roll]),
        ("/SceneRotator/yaw", &[yaw]) => SceneAngle(Axis::Yaw, yaw),
        ("/SceneRotator/pitch", &[pitch]) => SceneAngle(Axis::Pitch, -pitch),
        ("/SceneRotator/roll", &[roll]) => SceneAngle(Axis::Roll, roll),
        // SPARTA and COMPASS: how the head is turned, by the right-hand rule: pitch is positive downwards.
        ("/ypr", &[yaw, pitch, roll]) => Angles([yaw, -pitch, roll]),
        ("/yaw" | "/hedrot/yaw", &[yaw]) => Angle(Axis::Yaw, yaw),
        ("/pitch" | "/hedrot/pitch", &[pitch]) => Angle(Axis::Pitch, -pitch),
        ("/roll" | "/hedrot/roll", &[roll]) => Angle(Axis::Roll, roll),
        // ADM-OSC: our own conventions.
        ("/adm/lis/ypr", &[yaw, pitch, roll]) => Angles([yaw, pitch, roll]),
        // ambiX: the head, x ahead, y left, z up.
        ("/quaternion", &[w, x, y, z]) => Quaternion([w, x, y, z]),
        // Unity: x right, y up, z ahead, by the left-hand rule.
        ("/quaternions", &[w, x, y, z]) => Quaternion([w, -z, x, -y]),
        // Mach1 and SALTE: yaw right, pitch up, roll right ear down.
        ("/orientation", &[yaw, pitch, roll]) => Angles([-yaw, pitch, roll]),
        ("/rendering/htrpy", &[roll, pitch, yaw]) => Angles([-yaw, pitch, roll]),
        // 3D Tune-In: the same in radians.
        ("/3DTI-OSC/receiver/pry", &[pitch, roll, yaw]) => Angles([-degrees(yaw), degrees(pitch), degrees(roll)]),
        // GyrOSC, ZIG SIM: a phone flat on the head, its top ahead: x right, y ahead, z up.
        ("/gyrosc/gyro", &[pitch, roll, yaw]) => Angles([degrees(yaw), degrees(pitch), degrees(roll)]),
        ("/gyrosc/quat", &[w, x, y, z]) => Quaternion([w, y, -x, z]),
        (other, &[x, y, z, w]) if is_zig_sim(other) => Quaternion([w, y, -x, z]),
        // VRChat: Unity's axes, angles about them, metres.
        ("/tracking/trackers/head/rotation", &[x, y, z]) => Angles([-y, -x, -z]),
        ("/tracking/trackers/head/position", &[x, y, z]) => Position(Vec3::new(z, -x, y)),
        // Our own: metres and degrees in our conventions.
        ("/headpose" | "/head_pose", &[yaw, pitch, roll]) => Angles([yaw, pitch, roll]),
        ("/headpose" | "/head_pose", &[w, x, y, z]) => Quaternion([w, x, y, z]),
        ("/headpose" | "/head_pose", &[x, y, z, yaw, pitch, roll]) => Pose(Vec3::new(x, y, z), [yaw, pitch, roll]),
        ("/headpose/position", &[x, y, z]) => Position(Vec3::new(x, y, z)),
        // With 1, or without a number, a button was pressed; with 0 it was let go.
        ("/recentre" | "/recenter" | "/zero" | "/tare", numbers) if numbers.first() != Some(&0.0) => Recentre,
        _ => return None,
    })
}

/// `/NAME/quaternion`.
fn is_zig_sim(address: &str) -> bool {
    address
        .strip_prefix('/')
        .and_then(|a| a.strip_suffix("/quaternion"))
        .is_some_and(|name| !name.is_empty() && !name.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::super::tracker::{Tracker, TrackerOptions};
    use super::*;
    use crate::coords::Rotation;

    /// The head's rotation after a message.
    fn head(address: &str, numbers: &[f64]) -> Rotation {
        let mut tracker = Tracker::new(TrackerOptions::raw()).unwrap();
        let event = event(&Message::new(address, numbers)).unwrap();
        assert!(tracker.event(0.0, event), "{address}");
        tracker.pose(0.0).orientation
    }

    fn turned(address: &str, numbers: &[f64], angles: [f64; 3]) {
        let (is, should) = (head(address, numbers), Rotation::from_yaw_pitch_roll(angles[0], angles[1], angles[2]));
        for v in [Vec3::new(1.0, 0.0, 0.0), Vec3::new(0.0, 1.0, 0.0)] {
            let off = (is.rotate(v) - should.rotate(v)).norm();
            assert!(off < 1e-9, "{address} {numbers:?}: {is:?}, not {should:?}");
        }
    }

    fn half(degrees: f64) -> (f64, f64) {
        (0.5 * degrees.to_radians()).sin_cos()
    }

    #[test]
    fn turning_the_head_left_means_the_same_to_every_sender() {
        let (s, c) = half(40.0);
        let rad = 40f64.to_radians();
        for (address, numbers) in [
            ("/SceneRotator/quaternions", &[c, 0.0, 0.0, -s][..]),
            ("/SceneRotator/ypr", &[-40.0, 0.0, 0.0]),
            ("/SceneRotator/yaw", &[-40.0]),
            ("/ypr", &[40.0, 0.0, 0.0]),
            ("/yaw", &[40.0]),
            ("/hedrot/yaw", &[40.0]),
            ("/adm/lis/ypr", &[40.0, 0.0, 0.0]),
            ("/quaternion", &[c, 0.0, 0.0, s]),
            ("/quaternions", &[c, 0.0, -s, 0.0]),
            ("/orientation", &[-40.0, 0.0, 0.0]),
            ("/rendering/htrpy", &[0.0, 0.0, -40.0]),
            ("/3DTI-OSC/receiver/pry", &[0.0, 0.0, -rad]),
            ("/gyrosc/gyro", &[0.0, 0.0, rad]),
            ("/gyrosc/quat", &[c, 0.0, 0.0, s]),
            ("/my-phone/quaternion", &[0.0, 0.0, s, c]),
            ("/tracking/trackers/head/rotation", &[0.0, -40.0, 0.0]),
            ("/headpose", &[40.0, 0.0, 0.0]),
            ("/head_pose", &[c, 0.0, 0.0, s]),
        ] {
            turned(address, numbers, [40.0, 0.0, 0.0]);
        }
    }

    #[test]
    fn lifting_the_nose_means_the_same_to_every_sender() {
        let (s, c) = half(30.0);
        let rad = 30f64.to_radians();
        for (address, numbers) in [
            // Up is a turn about −y (left) of the head, so about +y of the scene.
            ("/SceneRotator/quaternions", &[c, 0.0, s, 0.0][..]),
            ("/SceneRotator/ypr", &[0.0, 30.0, 0.0]),
            ("/SceneRotator/pitch", &[30.0]),
            ("/ypr", &[0.0, -30.0, 0.0]),
            ("/pitch", &[-30.0]),
            ("/adm/lis/ypr", &[0.0, 30.0, 0.0]),
            ("/quaternion", &[c, 0.0, -s, 0.0]),
            // Unity: about −x (right) by the left-hand rule.
            ("/quaternions", &[c, -s, 0.0, 0.0]),
            ("/orientation", &[0.0, 30.0, 0.0]),
            ("/rendering/htrpy", &[0.0, 30.0, 0.0]),
            ("/3DTI-OSC/receiver/pry", &[rad, 0.0, 0.0]),
            ("/gyrosc/gyro", &[rad, 0.0, 0.0]),
            // About +x, which is right.
            ("/gyrosc/quat", &[c, s, 0.0, 0.0]),
            ("/tracking/trackers/head/rotation", &[-30.0, 0.0, 0.0]),
        ] {
            turned(address, numbers, [0.0, 30.0, 0.0]);
        }
    }

    #[test]
    fn lowering_the_right_ear_means_the_same_to_every_sender() {
        let (s, c) = half(20.0);
        let rad = 20f64.to_radians();
        for (address, numbers) in [
            ("/SceneRotator/quaternions", &[c, -s, 0.0, 0.0][..]),
            ("/SceneRotator/ypr", &[0.0, 0.0, -20.0]),
            ("/SceneRotator/roll", &[-20.0]),
            ("/ypr", &[0.0, 0.0, 20.0]),
            ("/roll", &[20.0]),
            ("/quaternion", &[c, s, 0.0, 0.0]),
            ("/quaternions", &[c, 0.0, 0.0, -s]),
            ("/orientation", &[0.0, 0.0, 20.0]),
            ("/3DTI-OSC/receiver/pry", &[0.0, rad, 0.0]),
            ("/gyrosc/gyro", &[0.0, rad, 0.0]),
            ("/gyrosc/quat", &[c, 0.0, s, 0.0]),
            ("/tracking/trackers/head/rotation", &[0.0, 0.0, -20.0]),
        ] {
            turned(address, numbers, [0.0, 0.0, 20.0]);
        }
    }

    #[test]
    fn a_scene_turned_about_all_axes_is_undone() {
        // IEM's default order: roll, then pitch, then yaw about fixed axes.
        let about = |x: f64, y: f64, z: f64, degrees: f64| {
            let (s, c) = half(degrees);
            Rotation { w: c, x: x * s, y: y * s, z: z * s }
        };
        let scene = about(0.0, 0.0, 1.0, 50.0) * about(0.0, 1.0, 0.0, -20.0) * about(1.0, 0.0, 0.0, 10.0);
        let by_angles = head("/SceneRotator/ypr", &[50.0, -20.0, 10.0]);
        let by_quaternion = head("/SceneRotator/quaternions", &[scene.w, scene.x, scene.y, scene.z]);
        let v = Vec3::new(0.3, -0.5, 0.8);
        assert!((by_angles.rotate(v) - scene.inverse().rotate(v)).norm() < 1e-9);
        assert!((by_quaternion.rotate(v) - scene.inverse().rotate(v)).norm() < 1e-9);
    }

    #[test]
    fn other_messages_are_none_of_ours() {
        for (address, numbers) in [
            ("/ypr", &[1.0, 2.0][..]),
            ("/YPR", &[1.0, 2.0, 3.0]),
            ("/quaternion/", &[1.0, 0.0, 0.0, 0.0]),
            ("/a/b/quaternion", &[1.0, 0.0, 0.0, 0.0]),
            ("//quaternion", &[1.0, 0.0, 0.0, 0.0]),
            ("/recentre", &[0.0]),
            ("", &[]),
        ] {
            assert_eq!(event(&Message::new(address, numbers)), None, "{address}");
        }
        assert_eq!(event(&Message::new("/zero", &[])), Some(HeadEvent::Recentre));
    }
}
