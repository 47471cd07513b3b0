// SPDX-License-Identifier: MIT
// The loop from Rust: declarations by hand, a simulated world, thirty updates, and the reward has grown.
//     rustc --edition 2021 -O -l recrl examples/rust/smoke.rs && ./smoke
use std::os::raw::{c_char, c_void};
use std::{ffi::{CStr, CString}, mem::size_of, ptr::{null, null_mut}};

#[repr(C)] struct Error { status: i32, text: [c_char; 508] }
#[repr(C)] struct Obs { struct_size: u32, n: i32, n_candidates: i32, n_excluded: i32, n_history: i32,
    state_dim: i32, item_dim: i32, feature_dim: i32, arrays: [*const c_void; 14] } // states … pool: views that the world fills
#[repr(C)] struct Decision { struct_size: u32, n: i32, actions: *mut i32, items: *mut i32, log_probs: *mut f32,
    values: *mut f32, all_log_probs: *mut f32, policy_versions: *mut u64, pool_fingerprint: u64 }
#[repr(C)] struct Outcome { struct_size: u32, n: i32, decisions: *const u64, rewards: *const f32,
    terminated: *const u8, truncated: *const u8, times: *const i64, final_obs: *const Obs }
#[repr(C)] #[derive(Default)] struct Stats { struct_size: u32, n_rows: i32, n_epochs: i32, n_minibatches: i32,
    n_dropped: i32, is_stopped_early: i32, policy_loss: f32, value_loss: f32, entropy: f32, approx_kl: f32,
    clip_fraction: f32, explained_variance: f32, grad_norm: f32, learning_rate: f32, reward_mean: f32,
    scale: f32, repeat_weight: f32, reserved: u32, n_updates: i64, n_timesteps: i64 }
// A config is a block that its init fills and rr_config_set changes by name. It may be longer than the
// library's struct: what the library does not know is zero.
#[repr(C, align(8))] struct Config([u8; 256]);

#[link(name = "recrl")]
extern "C" {
    fn rr_env_config_init(config: *mut Config, struct_size: usize);
    fn rr_agent_config_init(config: *mut Config, struct_size: usize);
    fn rr_ppo_config_init(config: *mut Config, struct_size: usize);
    fn rr_buffer_config_init(config: *mut Config, struct_size: usize);
    fn rr_config_set(config: *mut Config, name: *const c_char, value: *const c_char, err: *mut Error) -> i32;
    fn rr_env_create(out: *mut *mut c_void, config: *const Config, items: *mut c_void, users: *const f32, n_users: i32,
        host: *const c_void, err: *mut Error) -> i32;
    fn rr_env_fit_agent_config(env: *const c_void, config: *mut Config, err: *mut Error) -> i32;
    fn rr_env_items(env: *const c_void) -> *mut c_void;
    fn rr_env_reset(env: *mut c_void, err: *mut Error) -> i32;
    fn rr_env_observe(env: *mut c_void, obs: *mut Obs, err: *mut Error) -> i32;
    fn rr_env_step(env: *mut c_void, actions: *const i32, outcome: *mut Outcome, err: *mut Error) -> i32;
    fn rr_env_destroy(env: *mut c_void);
    fn rr_agent_create(out: *mut *mut c_void, config: *const Config, algo: *const Config, items: *mut c_void,
        host: *const c_void, err: *mut Error) -> i32;
    fn rr_agent_fit_buffer_config(agent: *const c_void, n_envs: i32, config: *mut Config, err: *mut Error) -> i32;
    fn rr_agent_act(agent: *mut c_void, obs: *const Obs, decision: *mut Decision, err: *mut Error) -> i32;
    fn rr_agent_update(agent: *mut c_void, buffer: *mut c_void, obs: *const Obs, stats: *mut Stats, err: *mut Error) -> i32;
    fn rr_agent_destroy(agent: *mut c_void);
    fn rr_buffer_create(out: *mut *mut c_void, config: *const Config, host: *const c_void, err: *mut Error) -> i32;
    fn rr_buffer_is_full(buffer: *const c_void) -> i32;
    fn rr_buffer_record(buffer: *mut c_void, obs: *const Obs, decision: *const Decision, err: *mut Error) -> i32;
    fn rr_buffer_reward(buffer: *mut c_void, outcome: *const Outcome, err: *mut Error) -> i32;
    fn rr_buffer_destroy(buffer: *mut c_void);
}

fn main() {
    let mut err = Error { status: 0, text: [0; 508] };
    let e: *mut Error = &mut err;
    let ok = |status: i32| if status != 0 { // the sentence of a failure
        panic!("{}: {}", unsafe { (*e).status }, unsafe { CStr::from_ptr((*e).text.as_ptr()) }.to_string_lossy());
    };
    let config = |init: unsafe extern "C" fn(*mut Config, usize), fields: &[(&str, &str)]| unsafe {
        let mut c = Config([0; 256]);
        init(&mut c, size_of::<Config>());
        for (name, value) in fields {
            let (name, value) = (CString::new(*name).unwrap(), CString::new(*value).unwrap());
            ok(rr_config_set(&mut c, name.as_ptr(), value.as_ptr(), e));
        }
        c
    };
    const N: usize = 32;
    let (mut actions, mut log_probs, mut values) = ([0i32; N], [0f32; N], [0f32; N]);
    let mut rewards = vec![];
    unsafe {
        let (mut env, mut agent, mut buffer) = (null_mut(), null_mut(), null_mut());
        ok(rr_env_create(&mut env, &config(rr_env_config_init, &[("n_envs", "32"), ("num_items", "200")]),
            null_mut(), null(), 0, null(), e));
        let (mut shape, mut room) = (config(rr_agent_config_init, &[("seed", "1")]), config(rr_buffer_config_init, &[]));
        ok(rr_env_fit_agent_config(env, &mut shape, e)); // widths are said once
        ok(rr_agent_create(&mut agent, &shape,
            &config(rr_ppo_config_init, &[("n_steps", "16"), ("batch_size", "128")]), rr_env_items(env), null(), e));
        ok(rr_agent_fit_buffer_config(agent, N as i32, &mut room, e));
        ok(rr_buffer_create(&mut buffer, &room, null(), e));
        ok(rr_env_reset(env, e));
        let mut obs = Obs { struct_size: size_of::<Obs>() as u32, n: 0, n_candidates: 0, n_excluded: 0, n_history: 0,
            state_dim: 0, item_dim: 0,
            feature_dim: 0, arrays: [null(); 14] };
        let mut decision = Decision { struct_size: size_of::<Decision>() as u32, n: N as i32, actions: actions.as_mut_ptr(),
            items: null_mut(), log_probs: log_probs.as_mut_ptr(), values: values.as_mut_ptr(),
            all_log_probs: null_mut(), policy_versions: null_mut(), pool_fingerprint: 0 };
        let mut outcome = Outcome { struct_size: size_of::<Outcome>() as u32, n: 0, decisions: null(), rewards: null(),
            terminated: null(), truncated: null(), times: null(), final_obs: null() };
        for _ in 0..30 {
            while rr_buffer_is_full(buffer) == 0 {
                ok(rr_env_observe(env, &mut obs, e));
                ok(rr_agent_act(agent, &obs, &mut decision, e));
                ok(rr_buffer_record(buffer, &obs, &decision, e));
                ok(rr_env_step(env, decision.actions, &mut outcome, e));
                ok(rr_buffer_reward(buffer, &outcome, e));
            }
            let mut stats = Stats { struct_size: size_of::<Stats>() as u32, ..Default::default() };
            ok(rr_env_observe(env, &mut obs, e));
            ok(rr_agent_update(agent, buffer, &obs, &mut stats, e));
            assert!(stats.policy_loss.is_finite() && stats.value_loss.is_finite() && stats.n_rows == 512);
            rewards.push(stats.reward_mean);
        }
        rr_buffer_destroy(buffer);
        rr_agent_destroy(agent);
        rr_env_destroy(env);
    }
    println!("reward a step: {:.3} in the first rollout, {:.3} in the last", rewards[0], rewards[29]);
    assert!(rewards[29] > rewards[0] + 0.5, "the reward did not grow");
}
