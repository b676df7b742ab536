// Makes HTTPS requests as the caller's query says, and tells what became of them and where in the machine the secret can be found. Its TLS is Go's own,
// which offers HTTP/2 besides HTTP/1.1.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
)

var api = "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"

type event struct {
	Query map[string]string `json:"queryStringParameters"`
}

type answer struct {
	Status int    `json:"status,omitempty"`
	Text   string `json:"text,omitempty"`
	Error  string `json:"error,omitempty"`
}

// Clients by whether the authority in the variable CA is trusted alone.
var clients = map[bool]*http.Client{false: clientOf(nil), true: clientOf(poolOf(os.Getenv("CA")))}

func poolOf(pem string) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(pem))
	return pool
}

func clientOf(pool *x509.CertPool) *http.Client {
	return &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool}}}
}

func call(query map[string]string) answer {
	size, _ := strconv.Atoi(query["bytes"])
	method := "GET"
	if size > 0 {
		method = "POST"
	}
	request, err := http.NewRequest(method, query["url"], bytes.NewReader(bytes.Repeat([]byte("x"), size)))
	if err != nil {
		return answer{Error: err.Error()}
	}
	request.Header.Set("Authorization", query["mine"])
	request.Header.Set("X-Mine", "1")
	_, byCa := query["ca"]
	response, err := clients[byCa].Do(request)
	if err != nil {
		return answer{Error: err.Error()}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Status: response.StatusCode, Text: string(text)}
}

func handle(query map[string]string) string {
	times, _ := strconv.Atoi(query["times"])
	answers := []answer{}
	for time := 0; time < times; time++ {
		answers = append(answers, call(query))
	}
	holds := []string{}
	if strings.Contains(strings.Join(os.Environ(), "\n"), query["secret"]) {
		holds = append(holds, "variables")
	}
	text, _ := json.Marshal(map[string]interface{}{"answers": answers, "holds": holds})
	return string(text)
}

func main() {
	for {
		next, err := http.Get(api + "next")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		var asked event
		err = json.NewDecoder(next.Body).Decode(&asked)
		next.Body.Close()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		reply, _ := json.Marshal(map[string]interface{}{"statusCode": 200, "body": handle(asked.Query)})
		id := next.Header.Get("Lambda-Runtime-Aws-Request-Id")
		if done, err := http.Post(api+id+"/response", "application/json", bytes.NewReader(reply)); err == nil {
			done.Body.Close()
		}
	}
}
