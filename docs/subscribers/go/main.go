// Acts on every alert of one team, by topic: go run .
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Alert holds what this program needs of tocsin.alert.raised.v1. Fields that are added later are passed over.
type Alert struct {
	ID       string `json:"id"`
	Team     string `json:"team"`
	Severity string `json:"severity"`
	Headline string `json:"headline"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(os.Getenv("TOCSIN_KAFKA_BOOTSTRAP_SERVERS"), ",")...),
		kgo.ConsumerGroup("payments-bot-go"),
		kgo.ConsumeTopics("tocsin.alerts.v1"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),    // by itself it would commit what a crash left undone
		kgo.BlockRebalanceOnPoll(), // no other consumer gets these records before they are committed
	)
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseAllowingRebalance()
	for ctx.Err() == nil {
		fetches := client.PollFetches(ctx)
		fetches.EachError(func(topic string, partition int32, err error) {
			log.Printf("%s/%d: %v", topic, partition, err)
		})
		fetches.EachRecord(onRecord)
		if err := client.CommitUncommittedOffsets(context.Background()); err != nil {
			log.Printf("not committed, so these come again: %v", err)
		}
		client.AllowRebalance()
	}
}

// onRecord acts on one record. An alert may come twice with the same id: remember the ids if acting twice
// would hurt.
func onRecord(record *kgo.Record) {
	if header(record, "ce_type") != "tocsin.alert.raised.v1" || string(record.Key) != "payments" {
		return
	}
	var alert Alert
	if err := json.Unmarshal(record.Value, &alert); err != nil {
		log.Printf("%d/%d is no alert: %v", record.Partition, record.Offset, err)
		return
	}
	fmt.Println(alert.ID, alert.Severity, alert.Headline)
}

func header(record *kgo.Record, name string) string {
	for _, one := range record.Headers {
		if one.Key == name {
			return string(one.Value)
		}
	}
	return ""
}
