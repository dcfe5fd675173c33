//! What this crate's tests share.

use store::{Caller, Schema, World};

use crate::{NewPlatform, create_platform};

/// A seeded world with this crate's tables.
pub(crate) fn world() -> World {
    World::seeded(Schema::new(crate::kinds().into_iter().chain(wire::kinds())), 7).unwrap()
}

/// Makes a platform in the United States and answers its id.
pub(crate) fn platform(world: &World) -> String {
    let new = NewPlatform {
        country: "US".into(),
        email: "platform@example.com".into(),
        display_name: "My marketplace".into(),
    };
    let made = world.run_blocking(&Caller::account(""), None, |tx| {
        let platform = create_platform(tx, &new)?;
        world.add_platform(tx, &platform.id);
        Ok(platform)
    });
    made.unwrap().id.clone()
}
