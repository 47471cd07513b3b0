// SPDX-License-Identifier: MIT

// The loop from Go: declarations by hand, a simulated world, thirty updates, and the reward has grown.
//
//	CGO_LDFLAGS="-lrecrl" go run examples/go/smoke.go
package main

// Go's collector forbids Go pointers inside structs that C sees, so the arrays of a decision are C's.

/*
#include <stdint.h>
#include <stdlib.h>
typedef struct { int32_t status; char text[508]; } rr_error;
typedef struct { uint32_t struct_size; int32_t n, n_candidates, n_excluded, n_history, state_dim, item_dim, feature_dim; const void *arrays[14]; } rr_obs;
typedef struct { uint32_t struct_size; int32_t n; int32_t *actions, *items; float *log_probs, *values, *all_log_probs; uint64_t *policy_versions, pool_fingerprint; } rr_decision;
typedef struct { uint32_t struct_size; int32_t n; const uint64_t *decisions; const float *rewards; const uint8_t *terminated, *truncated; const int64_t *times; const rr_obs *final_obs; } rr_outcome;
typedef struct { uint32_t struct_size; int32_t n_rows, n_epochs, n_minibatches, n_dropped, is_stopped_early; float policy_loss, value_loss, entropy, approx_kl, clip_fraction, explained_variance, grad_norm, learning_rate, reward_mean, scale, repeat_weight; uint32_t reserved; int64_t n_updates, n_timesteps; } rr_stats;
typedef struct { uint64_t bytes[32]; } config; // a block that its init fills and rr_config_set changes by name

void rr_env_config_init(config *c, size_t struct_size);
void rr_agent_config_init(config *c, size_t struct_size);
void rr_ppo_config_init(config *c, size_t struct_size);
void rr_buffer_config_init(config *c, size_t struct_size);
int32_t rr_config_set(void *c, const char *name, const char *value, rr_error *err);
int32_t rr_env_create(void **out, const config *c, void *items, const float *users, int32_t n_users, const void *host, rr_error *err);
int32_t rr_env_fit_agent_config(const void *env, config *c, rr_error *err);
void *rr_env_items(const void *env);
int32_t rr_env_reset(void *env, rr_error *err);
int32_t rr_env_observe(void *env, rr_obs *obs, rr_error *err);
int32_t rr_env_step(void *env, const int32_t *actions, rr_outcome *outcome, rr_error *err);
void rr_env_destroy(void *env);
int32_t rr_agent_create(void **out, const config *c, const config *algo, void *items, const void *host, rr_error *err);
int32_t rr_agent_fit_buffer_config(const void *agent, int32_t n_envs, config *c, rr_error *err);
int32_t rr_agent_act(void *agent, const rr_obs *obs, rr_decision *decision, rr_error *err);
int32_t rr_agent_update(void *agent, void *buffer, const rr_obs *obs, rr_stats *stats, rr_error *err);
void rr_agent_destroy(void *agent);
int32_t rr_buffer_create(void **out, const config *c, const void *host, rr_error *err);
int32_t rr_buffer_is_full(const void *buffer);
int32_t rr_buffer_record(void *buffer, const rr_obs *obs, const rr_decision *decision, rr_error *err);
int32_t rr_buffer_reward(void *buffer, const rr_outcome *outcome, rr_error *err);
void rr_buffer_destroy(void *buffer);
*/
import "C"

import (
	"fmt"
	"log"
	"math"
	"unsafe"
)

var failure C.rr_error

func ok(status C.int32_t) {
	if status != 0 {
		log.Fatalf("%d: %s", status, C.GoString(&failure.text[0]))
	}
}

func set(c *C.config, fields map[string]string) *C.config {
	for name, value := range fields {
		n, v := C.CString(name), C.CString(value)
		ok(C.rr_config_set(unsafe.Pointer(c), n, v, &failure))
		C.free(unsafe.Pointer(n))
		C.free(unsafe.Pointer(v))
	}
	return c
}

func main() {
	const n = 32
	var env, agent, buffer unsafe.Pointer
	var envConfig, agentConfig, ppo, bufferConfig C.config
	C.rr_env_config_init(&envConfig, C.sizeof_config)
	C.rr_agent_config_init(&agentConfig, C.sizeof_config)
	C.rr_ppo_config_init(&ppo, C.sizeof_config)
	C.rr_buffer_config_init(&bufferConfig, C.sizeof_config)
	set(&envConfig, map[string]string{"n_envs": "32", "num_items": "200"})
	set(&agentConfig, map[string]string{"seed": "1"})
	set(&ppo, map[string]string{"n_steps": "16", "batch_size": "128"})
	ok(C.rr_env_create(&env, &envConfig, nil, nil, 0, nil, &failure))
	ok(C.rr_env_fit_agent_config(env, &agentConfig, &failure)) // widths are said once
	ok(C.rr_agent_create(&agent, &agentConfig, &ppo, C.rr_env_items(env), nil, &failure))
	ok(C.rr_agent_fit_buffer_config(agent, n, &bufferConfig, &failure))
	ok(C.rr_buffer_create(&buffer, &bufferConfig, nil, &failure))
	ok(C.rr_env_reset(env, &failure))

	arrays := C.calloc(3*n, 4)
	obs := C.rr_obs{struct_size: C.sizeof_rr_obs}
	outcome := C.rr_outcome{struct_size: C.sizeof_rr_outcome}
	decision := C.rr_decision{struct_size: C.sizeof_rr_decision, n: n, actions: (*C.int32_t)(arrays),
		log_probs: (*C.float)(unsafe.Add(arrays, 4*n)), values: (*C.float)(unsafe.Add(arrays, 8*n))}
	var rewards []float64
	for update := 0; update < 30; update++ {
		for C.rr_buffer_is_full(buffer) == 0 {
			ok(C.rr_env_observe(env, &obs, &failure))
			ok(C.rr_agent_act(agent, &obs, &decision, &failure))
			ok(C.rr_buffer_record(buffer, &obs, &decision, &failure))
			ok(C.rr_env_step(env, decision.actions, &outcome, &failure))
			ok(C.rr_buffer_reward(buffer, &outcome, &failure))
		}
		stats := C.rr_stats{struct_size: C.sizeof_rr_stats}
		ok(C.rr_env_observe(env, &obs, &failure))
		ok(C.rr_agent_update(agent, buffer, &obs, &stats, &failure))
		if loss := float64(stats.policy_loss + stats.value_loss); math.IsNaN(loss) || math.IsInf(loss, 0) || stats.n_rows != 512 {
			log.Fatal("a statistic is not finite, or rows were lost")
		}
		rewards = append(rewards, float64(stats.reward_mean))
	}
	C.free(arrays)
	C.rr_buffer_destroy(buffer)
	C.rr_agent_destroy(agent)
	C.rr_env_destroy(env)
	fmt.Printf("reward a step: %.3f in the first rollout, %.3f in the last\n", rewards[0], rewards[29])
	if rewards[29] < rewards[0]+0.5 {
		log.Fatal("the reward did not grow")
	}
}
